CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
CREATE TABLE journal (
	stream TEXT NOT NULL, 
	sequence BIGINT NOT NULL, 
	time BIGINT NOT NULL, 
	kind TEXT NOT NULL, 
	mode TEXT NOT NULL, 
	payload BLOB NOT NULL, 
	prev_hash BLOB NOT NULL, 
	hash BLOB NOT NULL, 
	PRIMARY KEY (stream, sequence)
);
CREATE TABLE journal_head (
	stream TEXT NOT NULL, 
	sequence BIGINT NOT NULL, 
	hash BLOB NOT NULL, 
	PRIMARY KEY (stream)
);
CREATE TABLE accounts (
	id TEXT NOT NULL, 
	tenant TEXT NOT NULL, 
	venue TEXT NOT NULL, 
	network TEXT NOT NULL, 
	mode TEXT NOT NULL, 
	label TEXT NOT NULL, 
	url TEXT NOT NULL, 
	halt TEXT NOT NULL, 
	revision BIGINT NOT NULL, 
	created_us BIGINT NOT NULL, 
	updated_us BIGINT NOT NULL, near_bp BIGINT DEFAULT '500' NOT NULL, critical_bp BIGINT DEFAULT '200' NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE sealed (
	account TEXT NOT NULL, 
	record BLOB NOT NULL, 
	PRIMARY KEY (account)
);
CREATE TABLE meta (
	"key" TEXT NOT NULL, 
	value TEXT NOT NULL, 
	PRIMARY KEY ("key")
);
CREATE TABLE intents (
	id TEXT NOT NULL, 
	account TEXT NOT NULL, 
	target TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	additive BOOLEAN NOT NULL, 
	amount BIGINT NOT NULL, 
	action BLOB NOT NULL, 
	state TEXT NOT NULL, 
	run TEXT NOT NULL, 
	step BIGINT NOT NULL, 
	request_id TEXT NOT NULL, 
	principal TEXT NOT NULL, 
	lane BIGINT NOT NULL, 
	epoch BIGINT NOT NULL, 
	attempt BIGINT NOT NULL, 
	witness BLOB NOT NULL, 
	signed_us BIGINT, 
	fence_us BIGINT, 
	created_us BIGINT NOT NULL, 
	updated_us BIGINT NOT NULL, 
	reason TEXT NOT NULL, 
	message TEXT NOT NULL, 
	venue_id TEXT NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE witness (
	account TEXT NOT NULL, 
	target TEXT NOT NULL, 
	counter BIGINT NOT NULL, 
	seen_us BIGINT NOT NULL, 
	PRIMARY KEY (account, target)
);
CREATE INDEX intents_by_time ON intents (account, created_us);
CREATE UNIQUE INDEX one_open_additive_intent ON intents (account, target) WHERE additive AND state IN ('planned', 'sent', 'unknown');
CREATE INDEX open_intents ON intents (account) WHERE state IN ('planned', 'sent', 'unknown');
CREATE TABLE leases (
	account TEXT NOT NULL, 
	owner TEXT NOT NULL, 
	epoch BIGINT NOT NULL, 
	until_us BIGINT NOT NULL, 
	PRIMARY KEY (account)
);
CREATE TABLE commands (
	tenant TEXT NOT NULL, 
	request_id TEXT NOT NULL, 
	account TEXT NOT NULL, 
	method TEXT NOT NULL, 
	digest BLOB NOT NULL, 
	body BLOB NOT NULL, 
	principal TEXT NOT NULL, 
	not_after_us BIGINT, 
	created_us BIGINT NOT NULL, 
	answered_us BIGINT, 
	answer BLOB NOT NULL, 
	PRIMARY KEY (tenant, request_id)
);
CREATE INDEX open_commands ON commands (account) WHERE answered_us IS NULL;
CREATE INDEX answered_commands ON commands (answered_us);
CREATE TABLE runs (
	id TEXT NOT NULL, 
	account TEXT NOT NULL, 
	strategy TEXT NOT NULL, 
	label TEXT NOT NULL, 
	config BLOB NOT NULL, 
	leash BLOB NOT NULL, 
	state TEXT NOT NULL, 
	step BIGINT NOT NULL, 
	memory BLOB NOT NULL, 
	wake BLOB NOT NULL, 
	reason TEXT NOT NULL, 
	revision BIGINT NOT NULL, 
	created_us BIGINT NOT NULL, 
	updated_us BIGINT NOT NULL, resume_us BIGINT, 
	PRIMARY KEY (id)
);
CREATE INDEX runs_by_account ON runs (account, created_us);
CREATE TABLE engines (
	owner TEXT NOT NULL, 
	started_us BIGINT NOT NULL, 
	until_us BIGINT NOT NULL, 
	room BIGINT NOT NULL, 
	PRIMARY KEY (owner)
);
CREATE TABLE documents (
	kind TEXT NOT NULL, 
	id TEXT NOT NULL, 
	tenant TEXT NOT NULL, 
	owner TEXT NOT NULL, 
	about TEXT NOT NULL, 
	body BLOB NOT NULL, 
	revision BIGINT NOT NULL, 
	until_us BIGINT, 
	created_us BIGINT NOT NULL, 
	updated_us BIGINT NOT NULL, 
	PRIMARY KEY (kind, id)
);
CREATE INDEX documents_by_owner ON documents (kind, owner);
CREATE INDEX documents_by_subject ON documents (kind, about);
CREATE INDEX documents_by_end ON documents (until_us);
CREATE TABLE document_keys (
	kind TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	id TEXT NOT NULL, 
	PRIMARY KEY (kind, "key")
);
CREATE INDEX document_keys_by_document ON document_keys (kind, id)
