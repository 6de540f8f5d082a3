-- Under which code did each authority publish on a day, and under which does every figure of it stand now?
select
    areas.area_name,
    area_codes.area_code as code_of_the_day,
    areas.area_code as code_of_today,
    areas.ended_on
from area_codes
inner join areas
    on area_codes.current_area_code = areas.area_code
where
    areas.area_level = 'local_authority'
    and date '2024-12-31' between area_codes.valid_from and coalesce(area_codes.valid_to, date '9999-12-31')
order by areas.area_name;
