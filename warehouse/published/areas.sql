select * from work.marts.dim_areas
