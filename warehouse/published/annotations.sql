select * from work.control.annotations
