BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL,
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0012');
CREATE TABLE alert_events (
	event_id INTEGER NOT NULL,
	alert_id VARCHAR NOT NULL,
	occurred_on DATE NOT NULL,
	event VARCHAR NOT NULL,
	old_state VARCHAR,
	new_state VARCHAR,
	period DATE,
	reason TEXT,
	release_id VARCHAR,
	evidence JSON, alert JSON, account VARCHAR, digest VARCHAR,
	PRIMARY KEY (event_id)
);
CREATE TABLE alerts (
	alert_id VARCHAR NOT NULL,
	fingerprint VARCHAR NOT NULL,
	indicator VARCHAR NOT NULL,
	area_code VARCHAR NOT NULL,
	area_name VARCHAR NOT NULL,
	area_level VARCHAR NOT NULL,
	breakdown VARCHAR NOT NULL,
	direction VARCHAR NOT NULL,
	severity VARCHAR NOT NULL,
	state VARCHAR NOT NULL,
	opened_period DATE NOT NULL,
	first_raised_on DATE NOT NULL,
	last_period DATE NOT NULL,
	resolved_on DATE,
	release_id VARCHAR NOT NULL,
	title TEXT NOT NULL,
	summary JSON NOT NULL,
	PRIMARY KEY (alert_id)
);
CREATE TABLE annotations (
	annotation_id INTEGER NOT NULL,
	area_code VARCHAR NOT NULL,
	scope VARCHAR NOT NULL,
	kind VARCHAR NOT NULL,
	starts_on DATE NOT NULL,
	ends_on DATE,
	reason TEXT NOT NULL,
	recorded_on DATE NOT NULL,
	withdrawn_on DATE, reason_code VARCHAR DEFAULT 'not_stated' NOT NULL, public_sentence TEXT, approved_by TEXT,
	PRIMARY KEY (annotation_id)
);
INSERT INTO "annotations" VALUES(1,'204','referrals','recording_change','2026-04-01',NULL,'new system','2026-04-05',NULL,'not_stated',NULL,NULL);
CREATE TABLE audit (
	sequence INTEGER NOT NULL,
	at DATETIME NOT NULL,
	actor VARCHAR NOT NULL,
	action VARCHAR NOT NULL,
	subject VARCHAR NOT NULL,
	reason TEXT NOT NULL,
	previous_hash VARCHAR NOT NULL,
	hash VARCHAR NOT NULL,
	PRIMARY KEY (sequence)
);
CREATE TABLE backtests (
	backtest_id INTEGER NOT NULL,
	run_on DATE NOT NULL,
	release_id VARCHAR NOT NULL,
	indicator VARCHAR NOT NULL,
	source VARCHAR NOT NULL,
	period_type VARCHAR NOT NULL,
	change FLOAT NOT NULL,
	least FLOAT NOT NULL,
	most FLOAT,
	planted INTEGER NOT NULL,
	found INTEGER NOT NULL,
	median_delay FLOAT,
	marks_per_100_years FLOAT,
	PRIMARY KEY (backtest_id)
);
CREATE TABLE facts (
	batch VARCHAR NOT NULL, 
	table_name VARCHAR NOT NULL, 
	rows INTEGER NOT NULL, 
	sha256 VARCHAR NOT NULL, 
	PRIMARY KEY (batch, table_name)
);
INSERT INTO "facts" VALUES('00000001-aaaaaaaa','ssd_cin_episodes',9,'ff');
CREATE TABLE identity_decisions (
	decision_id INTEGER NOT NULL,
	kind VARCHAR NOT NULL,
	one_key INTEGER NOT NULL,
	other_key INTEGER NOT NULL,
	one_is VARCHAR NOT NULL,
	other_is VARCHAR NOT NULL,
	key_fingerprint VARCHAR NOT NULL,
	reason TEXT NOT NULL,
	recorded_on DATE NOT NULL,
	withdrawn_on DATE,
	PRIMARY KEY (decision_id)
);
INSERT INTO "identity_decisions" VALUES(1,'cut',1,2,'a number','a number','0123456789abcdef','a namesake','2026-04-05',NULL);
CREATE TABLE outbox (
	message_id VARCHAR NOT NULL,
	alert_id VARCHAR,
	kind VARCHAR NOT NULL,
	channel VARCHAR NOT NULL,
	payload JSON NOT NULL,
	state VARCHAR NOT NULL,
	attempts INTEGER DEFAULT '0' NOT NULL,
	last_error TEXT,
	next_attempt_at DATETIME,
	created_on DATE NOT NULL,
	sent_at DATETIME,
	release_id VARCHAR, created_at DATETIME, copy_of VARCHAR, recipient VARCHAR, thread VARCHAR, reply_to VARCHAR, fault VARCHAR, claimed_by VARCHAR, failing_since DATETIME, claimed_until DATETIME,
	PRIMARY KEY (message_id)
);
INSERT INTO "outbox" VALUES('m1',NULL,'digest','smtp','{}','failed',2,'the server answered 421','2026-04-03 06:20:00.000000','2026-04-03',NULL,'2026-04-03.1','2026-04-03 06:16:00.000000',NULL,NULL,NULL,NULL,NULL,NULL,'2026-04-03 06:16:00.000000',NULL);
CREATE TABLE problems (
	problem_id INTEGER NOT NULL,
	submission_id INTEGER NOT NULL,
	table_name VARCHAR,
	file_name VARCHAR,
	line INTEGER,
	column_name VARCHAR,
	rule VARCHAR NOT NULL,
	message TEXT NOT NULL,
	severity VARCHAR NOT NULL,
	count INTEGER NOT NULL, official VARCHAR,
	PRIMARY KEY (problem_id)
);
INSERT INTO "problems" VALUES(1,2,NULL,NULL,NULL,NULL,'EMPTY_FILE','it is empty','error',1,NULL);
CREATE TABLE releases (
	release_id VARCHAR NOT NULL,
	sequence INTEGER NOT NULL,
	built_at DATETIME NOT NULL,
	as_of DATE NOT NULL,
	content_hash VARCHAR NOT NULL,
	code_version VARCHAR NOT NULL,
	simulated BOOLEAN NOT NULL,
	is_current BOOLEAN NOT NULL, table_hashes JSON,
	PRIMARY KEY (release_id)
);
INSERT INTO "releases" VALUES('2026-04-03.1',1,'2026-04-03 06:15:00.000000','2026-04-03','cc','1',0,1,NULL);
CREATE TABLE runs (
	run_id VARCHAR NOT NULL,
	started_at DATETIME NOT NULL,
	finished_at DATETIME,
	as_of DATE NOT NULL,
	outcome VARCHAR,
	release_id VARCHAR,
	detail JSON, number INTEGER, started_by VARCHAR, exit_code INTEGER,
	PRIMARY KEY (run_id)
);
INSERT INTO "runs" VALUES('r1','2026-04-03 06:15:00.000000','2026-04-03 06:16:00.000000','2026-04-03','released','2026-04-03.1','{}',1,NULL,NULL);
CREATE TABLE settings (
	name VARCHAR NOT NULL,
	value VARCHAR NOT NULL,
	PRIMARY KEY (name)
);
INSERT INTO "settings" VALUES('key_fingerprint','0123456789abcdef');
CREATE TABLE storms (
	release_id VARCHAR NOT NULL, 
	held_on DATE NOT NULL, 
	alerts JSON NOT NULL, 
	decision VARCHAR, 
	decided_on DATE, 
	who VARCHAR, 
	account VARCHAR, 
	reason TEXT, 
	PRIMARY KEY (release_id)
);
INSERT INTO "storms" VALUES('2026-10-20.1','2026-10-20','[{"alert_id": "a"}]',NULL,NULL,NULL,NULL,NULL);
CREATE TABLE submission_profiles (
	submission_id INTEGER NOT NULL,
	profile JSON NOT NULL,
	PRIMARY KEY (submission_id)
);
INSERT INTO "submission_profiles" VALUES(1,'{}');
CREATE TABLE submissions (
	submission_id INTEGER NOT NULL,
	sender VARCHAR NOT NULL,
	extract VARCHAR,
	period_start DATE,
	period_end DATE,
	received_on DATE NOT NULL,
	prepared_on DATE,
	released_on DATE,
	sequence INTEGER,
	sha256 VARCHAR NOT NULL,
	original_name VARCHAR NOT NULL,
	landing_name VARCHAR NOT NULL,
	status VARCHAR NOT NULL,
	batch VARCHAR,
	records INTEGER DEFAULT '0' NOT NULL,
	accepted INTEGER DEFAULT '0' NOT NULL,
	quarantined INTEGER DEFAULT '0' NOT NULL,
	duplicates INTEGER DEFAULT '0' NOT NULL,
	first_error TEXT,
	simulated BOOLEAN DEFAULT 0 NOT NULL,
	source VARCHAR,
	held_reason TEXT, overridden_on DATE, withdrawn_on DATE, redacted_sha256 VARCHAR, purged_on DATE, arrival INTEGER DEFAULT '0' NOT NULL,
	PRIMARY KEY (submission_id),
	UNIQUE (sender, sha256)
);
INSERT INTO "submissions" VALUES(1,'301','ssd','2026-03-01','2026-03-31','2026-04-02',NULL,NULL,NULL,'aa','a.zip','aa/aa','accepted','00000001-aaaaaaaa',9,9,0,0,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,0);
INSERT INTO "submissions" VALUES(2,'302',NULL,NULL,NULL,'2026-04-03',NULL,NULL,NULL,'bb','b.zip','bb/bb','quarantined','00000002-bbbbbbbb',0,0,0,0,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,0);
CREATE TABLE suppressions (
	digest VARCHAR NOT NULL,
	PRIMARY KEY (digest)
);
INSERT INTO "suppressions" VALUES('-17');
CREATE INDEX ix_submissions_status ON submissions (status);
CREATE INDEX ix_submissions_batch ON submissions (batch);
CREATE INDEX ix_problems_submission_id ON problems (submission_id);
CREATE INDEX ix_alerts_fingerprint ON alerts (fingerprint);
CREATE INDEX ix_alerts_state ON alerts (state);
CREATE INDEX ix_alert_events_alert_id ON alert_events (alert_id);
CREATE INDEX ix_outbox_state ON outbox (state);
CREATE TRIGGER audit_no_update before update on audit begin select raise(abort, 'the audit trail is only added to'); end;
CREATE TRIGGER audit_no_delete before delete on audit begin select raise(abort, 'the audit trail is only added to'); end;
CREATE UNIQUE INDEX ix_runs_number ON runs (number);
COMMIT;
