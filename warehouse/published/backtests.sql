-- the newest test of each indicator
select * exclude (newest)
from (select *, max(backtest_id) over (partition by indicator, source, change, least) as newest from backtests_given)
where backtest_id = newest
