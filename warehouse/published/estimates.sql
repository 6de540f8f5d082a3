select * from work.reference.estimates
