select * from work.marts.fct_series_vintages
