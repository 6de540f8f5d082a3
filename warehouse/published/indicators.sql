select * from work.control.indicators
