select * from work.marts.fct_coverage
