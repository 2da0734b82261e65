PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE __diesel_schema_migrations (
       version VARCHAR(50) PRIMARY KEY NOT NULL,
       run_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);
INSERT INTO __diesel_schema_migrations VALUES('0001','2026-11-29 11:58:26');
INSERT INTO __diesel_schema_migrations VALUES('0002','2026-11-29 11:58:26');
INSERT INTO __diesel_schema_migrations VALUES('0003','2026-11-29 11:58:26');
INSERT INTO __diesel_schema_migrations VALUES('0004','2026-11-29 11:58:26');
INSERT INTO __diesel_schema_migrations VALUES('0005','2026-11-29 11:58:26');
INSERT INTO __diesel_schema_migrations VALUES('0006','2026-11-29 11:58:26');
CREATE TABLE accounts (
    account BLOB NOT NULL PRIMARY KEY CHECK (length(account) = 16),
    name TEXT NOT NULL,
    -- Purging a tombstone raises it: versions never restart.
    version_floor INTEGER NOT NULL DEFAULT 0 CHECK (version_floor >= 0),
    -- People that are not deleted.
    people INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO accounts VALUES(X'01a2272bb95770a08f68296116592dd3','default',0,7);
CREATE TABLE api_keys (
    account BLOB NOT NULL REFERENCES accounts,
    id BLOB NOT NULL CHECK (length(id) = 16),
    name TEXT NOT NULL,
    role INTEGER NOT NULL CHECK (role BETWEEN 0 AND 2),
    prefix TEXT NOT NULL,
    hash BLOB NOT NULL CHECK (length(hash) = 32),
    created_at INTEGER NOT NULL,
    last_used_at INTEGER,
    revoked_at INTEGER,
    PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;
INSERT INTO api_keys VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9577fa8a73ed8e8239905d7','bootstrap',2,'test-key-',X'050778af21e177d397573299d57a2e36345f5600fef4be2bad70485dc12a5862',1795953506647730,1795953506672362,NULL);
CREATE TABLE people (
    account BLOB NOT NULL REFERENCES accounts,
    id TEXT NOT NULL CHECK (octet_length(id) BETWEEN 1 AND 1020),
    version INTEGER NOT NULL CHECK (version BETWEEN 1 AND 2147483647),
    deleted_at INTEGER,
    -- The whole person; id, version and deleted_at stand in it too.
    person TEXT NOT NULL CHECK (json_valid(person)),
    PRIMARY KEY (account, id)
) STRICT;
INSERT INTO people VALUES(X'01a2272bb95770a08f68296116592dd3','ada',1,NULL,'{"id":"ada","version":1,"first_name":"Ada","emails":["ada@example.test"],"created_at":1795953506803314,"updated_at":1795953506803314}');
INSERT INTO people VALUES(X'01a2272bb95770a08f68296116592dd3','bad',1,NULL,'{"id":"bad","version":1,"first_name":"Ada","emails":["bad@example.test"],"created_at":1795953506803314,"updated_at":1795953506803314}');
INSERT INTO people VALUES(X'01a2272bb95770a08f68296116592dd3','bob',2,NULL,'{"id":"bob","version":2,"first_name":"Bo","emails":["bob@example.test"],"created_at":1795953506803314,"updated_at":1795953512779086}');
INSERT INTO people VALUES(X'01a2272bb95770a08f68296116592dd3','cid',2,1795953512784959,'{"id":"cid","version":2,"first_name":"Ada","emails":["cid@example.test"],"created_at":1795953506803314,"updated_at":1795953506803314,"deleted_at":1795953512784959}');
INSERT INTO people VALUES(X'01a2272bb95770a08f68296116592dd3','lost',1,NULL,'{"id":"lost","version":1,"first_name":"Ada","emails":["lost@example.test"],"created_at":1795953506803314,"updated_at":1795953506803314}');
INSERT INTO people VALUES(X'01a2272bb95770a08f68296116592dd3','noid',1,NULL,'{"id":"noid","version":1,"first_name":"Ada","emails":["noid@example.test"],"created_at":1795953506803314,"updated_at":1795953506803314}');
INSERT INTO people VALUES(X'01a2272bb95770a08f68296116592dd3','taken',1,NULL,'{"id":"taken","version":1,"first_name":"Ada","emails":["taken@example.test"],"created_at":1795953506803314,"updated_at":1795953506803314}');
INSERT INTO people VALUES(X'01a2272bb95770a08f68296116592dd3','g00',2,1795953510807065,'{"id":"g00","version":2,"first_name":"Ada","emails":["g00@example.test"],"created_at":1795953508670752,"updated_at":1795953508670752,"deleted_at":1795953510807065}');
INSERT INTO people VALUES(X'01a2272bb95770a08f68296116592dd3','g01',2,1795953510807065,'{"id":"g01","version":2,"first_name":"Ada","emails":["g01@example.test"],"created_at":1795953508670752,"updated_at":1795953508670752,"deleted_at":1795953510807065}');
INSERT INTO people VALUES(X'01a2272bb95770a08f68296116592dd3','g02',2,1795953510807065,'{"id":"g02","version":2,"first_name":"Ada","emails":["g02@example.test"],"created_at":1795953508670752,"updated_at":1795953508670752,"deleted_at":1795953510807065}');
INSERT INTO people VALUES(X'01a2272bb95770a08f68296116592dd3','g03',2,1795953510807065,'{"id":"g03","version":2,"first_name":"Ada","emails":["g03@example.test"],"created_at":1795953508670752,"updated_at":1795953508670752,"deleted_at":1795953510807065}');
INSERT INTO people VALUES(X'01a2272bb95770a08f68296116592dd3','g04',2,1795953510807065,'{"id":"g04","version":2,"first_name":"Ada","emails":["g04@example.test"],"created_at":1795953508670752,"updated_at":1795953508670752,"deleted_at":1795953510807065}');
INSERT INTO people VALUES(X'01a2272bb95770a08f68296116592dd3','g05',2,1795953510807065,'{"id":"g05","version":2,"first_name":"Ada","emails":["g05@example.test"],"created_at":1795953508670752,"updated_at":1795953508670752,"deleted_at":1795953510807065}');
INSERT INTO people VALUES(X'01a2272bb95770a08f68296116592dd3','g06',2,1795953510807065,'{"id":"g06","version":2,"first_name":"Ada","emails":["g06@example.test"],"created_at":1795953508670752,"updated_at":1795953508670752,"deleted_at":1795953510807065}');
INSERT INTO people VALUES(X'01a2272bb95770a08f68296116592dd3','g07',2,1795953510807065,'{"id":"g07","version":2,"first_name":"Ada","emails":["g07@example.test"],"created_at":1795953508670752,"updated_at":1795953508670752,"deleted_at":1795953510807065}');
INSERT INTO people VALUES(X'01a2272bb95770a08f68296116592dd3','g08',2,1795953510807065,'{"id":"g08","version":2,"first_name":"Ada","emails":["g08@example.test"],"created_at":1795953508670752,"updated_at":1795953508670752,"deleted_at":1795953510807065}');
INSERT INTO people VALUES(X'01a2272bb95770a08f68296116592dd3','g09',2,1795953510807065,'{"id":"g09","version":2,"first_name":"Ada","emails":["g09@example.test"],"created_at":1795953508670752,"updated_at":1795953508670752,"deleted_at":1795953510807065}');
INSERT INTO people VALUES(X'01a2272bb95770a08f68296116592dd3','g10',2,1795953510807065,'{"id":"g10","version":2,"first_name":"Ada","emails":["g10@example.test"],"created_at":1795953508670752,"updated_at":1795953508670752,"deleted_at":1795953510807065}');
INSERT INTO people VALUES(X'01a2272bb95770a08f68296116592dd3','g11',2,1795953510807065,'{"id":"g11","version":2,"first_name":"Ada","emails":["g11@example.test"],"created_at":1795953508670752,"updated_at":1795953508670752,"deleted_at":1795953510807065}');
INSERT INTO people VALUES(X'01a2272bb95770a08f68296116592dd3','g12',2,1795953510807065,'{"id":"g12","version":2,"first_name":"Ada","emails":["g12@example.test"],"created_at":1795953508670752,"updated_at":1795953508670752,"deleted_at":1795953510807065}');
INSERT INTO people VALUES(X'01a2272bb95770a08f68296116592dd3','g13',2,1795953510807065,'{"id":"g13","version":2,"first_name":"Ada","emails":["g13@example.test"],"created_at":1795953508670752,"updated_at":1795953508670752,"deleted_at":1795953510807065}');
INSERT INTO people VALUES(X'01a2272bb95770a08f68296116592dd3','g14',2,1795953510807065,'{"id":"g14","version":2,"first_name":"Ada","emails":["g14@example.test"],"created_at":1795953508670752,"updated_at":1795953508670752,"deleted_at":1795953510807065}');
INSERT INTO people VALUES(X'01a2272bb95770a08f68296116592dd3','g15',2,1795953510807065,'{"id":"g15","version":2,"first_name":"Ada","emails":["g15@example.test"],"created_at":1795953508670752,"updated_at":1795953508670752,"deleted_at":1795953510807065}');
INSERT INTO people VALUES(X'01a2272bb95770a08f68296116592dd3','g16',2,1795953510807065,'{"id":"g16","version":2,"first_name":"Ada","emails":["g16@example.test"],"created_at":1795953508670752,"updated_at":1795953508670752,"deleted_at":1795953510807065}');
INSERT INTO people VALUES(X'01a2272bb95770a08f68296116592dd3','g17',2,1795953510807065,'{"id":"g17","version":2,"first_name":"Ada","emails":["g17@example.test"],"created_at":1795953508670752,"updated_at":1795953508670752,"deleted_at":1795953510807065}');
INSERT INTO people VALUES(X'01a2272bb95770a08f68296116592dd3','g18',2,1795953510807065,'{"id":"g18","version":2,"first_name":"Ada","emails":["g18@example.test"],"created_at":1795953508670752,"updated_at":1795953508670752,"deleted_at":1795953510807065}');
INSERT INTO people VALUES(X'01a2272bb95770a08f68296116592dd3','g19',2,1795953510807065,'{"id":"g19","version":2,"first_name":"Ada","emails":["g19@example.test"],"created_at":1795953508670752,"updated_at":1795953508670752,"deleted_at":1795953510807065}');
INSERT INTO people VALUES(X'01a2272bb95770a08f68296116592dd3','g20',2,1795953510807065,'{"id":"g20","version":2,"first_name":"Ada","emails":["g20@example.test"],"created_at":1795953508670752,"updated_at":1795953508670752,"deleted_at":1795953510807065}');
INSERT INTO people VALUES(X'01a2272bb95770a08f68296116592dd3','g21',2,1795953510807065,'{"id":"g21","version":2,"first_name":"Ada","emails":["g21@example.test"],"created_at":1795953508670752,"updated_at":1795953508670752,"deleted_at":1795953510807065}');
INSERT INTO people VALUES(X'01a2272bb95770a08f68296116592dd3','dan',1,NULL,'{"id":"dan","version":1,"first_name":"Ada","emails":["dan@example.test"],"created_at":1795953512779086,"updated_at":1795953512779086}');
CREATE TABLE people_search (
    account BLOB NOT NULL,
    term TEXT NOT NULL,
    person TEXT NOT NULL,
    PRIMARY KEY (account, term, person)
) STRICT, WITHOUT ROWID;
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','ada','bad');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','ada','cid');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','ada','dan');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','ada','g00');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','ada','g01');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','ada','g02');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','ada','g03');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','ada','g04');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','ada','g05');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','ada','g06');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','ada','g07');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','ada','g08');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','ada','g09');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','ada','g10');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','ada','g11');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','ada','g12');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','ada','g13');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','ada','g14');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','ada','g15');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','ada','g16');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','ada','g17');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','ada','g18');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','ada','g19');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','ada','g20');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','ada','g21');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','ada','lost');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','ada','noid');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','ada','taken');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','ada@example.test','ada');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','bad@example.test','bad');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','bob@example.test','bob');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','cid@example.test','cid');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','dan@example.test','dan');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','g00@example.test','g00');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','g01@example.test','g01');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','g02@example.test','g02');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','g03@example.test','g03');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','g04@example.test','g04');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','g05@example.test','g05');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','g06@example.test','g06');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','g07@example.test','g07');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','g08@example.test','g08');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','g09@example.test','g09');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','g10@example.test','g10');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','g11@example.test','g11');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','g12@example.test','g12');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','g13@example.test','g13');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','g14@example.test','g14');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','g15@example.test','g15');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','g16@example.test','g16');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','g17@example.test','g17');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','g18@example.test','g18');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','g19@example.test','g19');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','g20@example.test','g20');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','g21@example.test','g21');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','lost@example.test','lost');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','noid@example.test','noid');
INSERT INTO people_search VALUES(X'01a2272bb95770a08f68296116592dd3','taken@example.test','taken');
CREATE TABLE person_changes (
    account BLOB NOT NULL,
    person TEXT NOT NULL,
    version INTEGER NOT NULL,
    kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 2),
    at INTEGER NOT NULL,
    fields TEXT NOT NULL CHECK (json_valid(fields)),
    PRIMARY KEY (account, person, version)
) STRICT, WITHOUT ROWID;
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','ada',1,0,1795953506803314,'["firstName","name","emails"]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','bad',1,0,1795953506803314,'["firstName","name","emails"]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','bob',1,0,1795953506803314,'["firstName","name","emails"]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','bob',2,1,1795953512779086,'["firstName","name"]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','cid',1,0,1795953506803314,'["firstName","name","emails"]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','cid',2,2,1795953512784959,'[]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','dan',1,0,1795953512779086,'["firstName","name","emails"]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g00',1,0,1795953508670752,'["firstName","name","emails"]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g00',2,2,1795953510807065,'[]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g01',1,0,1795953508670752,'["firstName","name","emails"]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g01',2,2,1795953510807065,'[]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g02',1,0,1795953508670752,'["firstName","name","emails"]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g02',2,2,1795953510807065,'[]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g03',1,0,1795953508670752,'["firstName","name","emails"]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g03',2,2,1795953510807065,'[]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g04',1,0,1795953508670752,'["firstName","name","emails"]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g04',2,2,1795953510807065,'[]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g05',1,0,1795953508670752,'["firstName","name","emails"]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g05',2,2,1795953510807065,'[]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g06',1,0,1795953508670752,'["firstName","name","emails"]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g06',2,2,1795953510807065,'[]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g07',1,0,1795953508670752,'["firstName","name","emails"]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g07',2,2,1795953510807065,'[]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g08',1,0,1795953508670752,'["firstName","name","emails"]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g08',2,2,1795953510807065,'[]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g09',1,0,1795953508670752,'["firstName","name","emails"]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g09',2,2,1795953510807065,'[]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g10',1,0,1795953508670752,'["firstName","name","emails"]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g10',2,2,1795953510807065,'[]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g11',1,0,1795953508670752,'["firstName","name","emails"]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g11',2,2,1795953510807065,'[]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g12',1,0,1795953508670752,'["firstName","name","emails"]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g12',2,2,1795953510807065,'[]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g13',1,0,1795953508670752,'["firstName","name","emails"]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g13',2,2,1795953510807065,'[]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g14',1,0,1795953508670752,'["firstName","name","emails"]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g14',2,2,1795953510807065,'[]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g15',1,0,1795953508670752,'["firstName","name","emails"]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g15',2,2,1795953510807065,'[]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g16',1,0,1795953508670752,'["firstName","name","emails"]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g16',2,2,1795953510807065,'[]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g17',1,0,1795953508670752,'["firstName","name","emails"]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g17',2,2,1795953510807065,'[]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g18',1,0,1795953508670752,'["firstName","name","emails"]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g18',2,2,1795953510807065,'[]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g19',1,0,1795953508670752,'["firstName","name","emails"]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g19',2,2,1795953510807065,'[]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g20',1,0,1795953508670752,'["firstName","name","emails"]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g20',2,2,1795953510807065,'[]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g21',1,0,1795953508670752,'["firstName","name","emails"]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','g21',2,2,1795953510807065,'[]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','lost',1,0,1795953506803314,'["firstName","name","emails"]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','noid',1,0,1795953506803314,'["firstName","name","emails"]');
INSERT INTO person_changes VALUES(X'01a2272bb95770a08f68296116592dd3','taken',1,0,1795953506803314,'["firstName","name","emails"]');
CREATE TABLE syncs (
    account BLOB NOT NULL REFERENCES accounts,
    id BLOB NOT NULL CHECK (length(id) = 16),
    friendly_name TEXT NOT NULL,
    revision INTEGER NOT NULL CHECK (revision >= 1),
    unique_id_revision INTEGER NOT NULL CHECK (unique_id_revision >= 1),
    -- A column of its own, which no settlement writes.
    paused INTEGER NOT NULL CHECK (paused IN (0, 1)),
    settings TEXT NOT NULL CHECK (json_valid(settings)),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER,
    PRIMARY KEY (account, id)
) STRICT;
INSERT INTO syncs VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb97a712f955730642eb25685','contacts',1,1,1,'{"authentication":{"kind":"none"},"unique_id":{"path":"$.id"},"create":{"enabled":true,"method":"POST","url":"http://127.93.7.11:17731/contacts","headers":[],"data":"{ \"external_id\": \"{{ person.id }}\", \"name\": \"{{ person.name }}\", \"email\": \"{{ person.email }}\" }","format":"json","ssl_verification":true,"timeout_seconds":10,"on_missing":"park","on_uncertain":"resend"},"update":{"enabled":true,"method":"PUT","url":"http://127.93.7.11:17731/contacts/{{ unique_id }}","headers":[],"data":"{ \"external_id\": \"{{ person.id }}\", \"name\": \"{{ person.name }}\", \"email\": \"{{ person.email }}\" }","format":"json","ssl_verification":true,"timeout_seconds":10,"on_missing":"park","on_uncertain":"resend"},"delete":{"enabled":true,"method":"DELETE","url":"http://127.93.7.11:17731/contacts/{{ unique_id }}","headers":[],"data":null,"format":"json","ssl_verification":true,"timeout_seconds":10,"on_missing":"park","on_uncertain":"resend"},"lookup":{"request":{"enabled":true,"method":"GET","url":"http://127.93.7.11:17731/contacts?external_id={{ person.id }}","headers":[],"data":null,"format":"none","ssl_verification":true,"timeout_seconds":10,"on_missing":"park","on_uncertain":"resend"},"path":"$.contacts[*].id"},"limits":{"max_concurrency":16,"requests_per_second":null},"dropped_secrets":null}',1795953506687242,1795953512696800,NULL);
INSERT INTO syncs VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9b17e58a8e135e531d4c3b1','keyed',1,1,1,'{"authentication":{"kind":"none"},"unique_id":{"path":"$.id"},"create":{"enabled":true,"method":"POST","url":"http://127.93.7.11:17731/keyed","headers":[{"name":"X-Once","value":{"template":"{{ idempotency_key }}"}},{"name":"X-Trace","value":{"template":"for {{ person.id }}"}}],"data":"{ \"external_id\": \"{{ person.id }}\", \"name\": \"{{ person.name }}\", \"email\": \"{{ person.email }}\" }","format":"json","ssl_verification":true,"timeout_seconds":10,"on_missing":"park","on_uncertain":"resend"},"update":{"enabled":true,"method":"PUT","url":"http://127.93.7.11:17731/keyed/{{ unique_id }}","headers":[],"data":"{ \"external_id\": \"{{ person.id }}\", \"name\": \"{{ person.name }}\", \"email\": \"{{ person.email }}\" }","format":"json","ssl_verification":true,"timeout_seconds":10,"on_missing":"park","on_uncertain":"resend"},"delete":{"enabled":true,"method":"DELETE","url":"http://127.93.7.11:17731/keyed/{{ unique_id }}","headers":[],"data":null,"format":"json","ssl_verification":true,"timeout_seconds":10,"on_missing":"park","on_uncertain":"resend"},"lookup":null,"limits":{"max_concurrency":16,"requests_per_second":null},"dropped_secrets":null}',1795953506737277,1795953512707009,NULL);
INSERT INTO syncs VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','oneway',1,1,1,'{"authentication":{"kind":"none"},"unique_id":null,"create":{"enabled":true,"method":"POST","url":"http://127.93.7.11:17731/oneway","headers":[],"data":"{ \"external_id\": \"{{ person.id }}\", \"name\": \"{{ person.name }}\", \"email\": \"{{ person.email }}\" }","format":"json","ssl_verification":true,"timeout_seconds":10,"on_missing":"park","on_uncertain":"resend"},"update":{"enabled":true,"method":"PUT","url":"http://127.93.7.11:17731/oneway/{{ person.id }}","headers":[],"data":"{ \"external_id\": \"{{ person.id }}\", \"name\": \"{{ person.name }}\", \"email\": \"{{ person.email }}\" }","format":"json","ssl_verification":true,"timeout_seconds":10,"on_missing":"park","on_uncertain":"resend"},"delete":null,"lookup":null,"limits":{"max_concurrency":16,"requests_per_second":null},"dropped_secrets":null}',1795953506759491,1795953512731682,NULL);
INSERT INTO syncs VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9d37186b1c893d9c235d1c5','park',1,1,1,'{"authentication":{"kind":"none"},"unique_id":{"path":"$.id"},"create":{"enabled":true,"method":"POST","url":"http://127.93.7.11:17731/park","headers":[],"data":"{ \"external_id\": \"{{ person.id }}\", \"name\": \"{{ person.name }}\", \"email\": \"{{ person.email }}\" }","format":"json","ssl_verification":true,"timeout_seconds":10,"on_missing":"park","on_uncertain":"park"},"update":{"enabled":true,"method":"PUT","url":"http://127.93.7.11:17731/park/{{ unique_id }}","headers":[],"data":"{ \"external_id\": \"{{ person.id }}\", \"name\": \"{{ person.name }}\", \"email\": \"{{ person.email }}\" }","format":"json","ssl_verification":true,"timeout_seconds":10,"on_missing":"park","on_uncertain":"resend"},"delete":{"enabled":true,"method":"DELETE","url":"http://127.93.7.11:17731/park/{{ unique_id }}","headers":[],"data":null,"format":"json","ssl_verification":true,"timeout_seconds":10,"on_missing":"park","on_uncertain":"resend"},"lookup":null,"limits":{"max_concurrency":16,"requests_per_second":null},"dropped_secrets":null}',1795953506771451,1795953512755154,NULL);
INSERT INTO syncs VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9df71be8259bb63b9de9b8b','gone',1,1,1,'{"authentication":{"kind":"none"},"unique_id":{"path":"$.id"},"create":{"enabled":true,"method":"POST","url":"http://127.93.7.11:17731/gone","headers":[],"data":"{ \"external_id\": \"{{ person.id }}\", \"name\": \"{{ person.name }}\", \"email\": \"{{ person.email }}\" }","format":"json","ssl_verification":true,"timeout_seconds":10,"on_missing":"park","on_uncertain":"resend"},"update":{"enabled":true,"method":"PUT","url":"http://127.93.7.11:17731/gone/{{ unique_id }}","headers":[],"data":"{ \"external_id\": \"{{ person.id }}\", \"name\": \"{{ person.name }}\", \"email\": \"{{ person.email }}\" }","format":"json","ssl_verification":true,"timeout_seconds":10,"on_missing":"park","on_uncertain":"resend"},"delete":{"enabled":true,"method":"DELETE","url":"http://127.93.7.11:17731/gone/{{ unique_id }}","headers":[],"data":null,"format":"json","ssl_verification":true,"timeout_seconds":10,"on_missing":"park","on_uncertain":"resend"},"lookup":null,"limits":{"max_concurrency":16,"requests_per_second":null},"dropped_secrets":null}',1795953506783214,1795953512771484,NULL);
CREATE TABLE sync_runtime (
    account BLOB NOT NULL,
    sync BLOB NOT NULL,
    governor TEXT NOT NULL CHECK (json_valid(governor)),
    unlinked INTEGER NOT NULL DEFAULT 0,
    uncertain INTEGER NOT NULL DEFAULT 0,
    linked INTEGER NOT NULL DEFAULT 0,
    leaving INTEGER NOT NULL DEFAULT 0,
    unaddressable INTEGER NOT NULL DEFAULT 0,
    owed INTEGER NOT NULL DEFAULT 0,
    parked INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (account, sync)
) STRICT, WITHOUT ROWID;
INSERT INTO sync_runtime VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb97a712f955730642eb25685','{"breaker":"closed","held_until":null,"held_reason":null,"rate_until":null,"failing":[],"forbidden":[],"missing_deletes":0,"lookup_has_found":false}',1,1,6,0,0,4,0);
INSERT INTO sync_runtime VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9b17e58a8e135e531d4c3b1','{"breaker":"closed","held_until":null,"held_reason":null,"rate_until":null,"failing":[],"forbidden":[],"missing_deletes":0,"lookup_has_found":false}',1,1,5,0,1,4,1);
INSERT INTO sync_runtime VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','{"breaker":"closed","held_until":null,"held_reason":null,"rate_until":null,"failing":[],"forbidden":[],"missing_deletes":0,"lookup_has_found":false}',1,0,0,0,29,3,0);
INSERT INTO sync_runtime VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9d37186b1c893d9c235d1c5','{"breaker":"closed","held_until":null,"held_reason":null,"rate_until":null,"failing":[],"forbidden":[],"missing_deletes":0,"lookup_has_found":false}',3,1,4,0,0,4,2);
INSERT INTO sync_runtime VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9df71be8259bb63b9de9b8b','{"breaker":{"open":{"since":1795953511191056,"reason":"20 deletes in a row were answered 404 or 410 and none was accepted: check the URL of Delete Users, then resume","probe_at":1795957111191056,"failed_probes":0,"probing":null,"newest_next":false}},"held_until":null,"held_reason":null,"rate_until":null,"failing":[],"forbidden":[],"missing_deletes":22,"lookup_has_found":false}',1,1,6,0,0,4,0);
CREATE TABLE sweeps (
    account BLOB NOT NULL,
    sync BLOB NOT NULL,
    id INTEGER NOT NULL,
    kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 6),
    force INTEGER NOT NULL CHECK (force IN (0, 1)),
    -- The last person done.
    cursor TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (account, sync, id)
) STRICT, WITHOUT ROWID;
CREATE TABLE link_extras (
    account BLOB NOT NULL,
    sync BLOB NOT NULL,
    person TEXT NOT NULL,
    -- The person that an unresolved create carried.
    first_snapshot TEXT CHECK (json_valid(first_snapshot)),
    -- The answer that no unique id could be read from.
    answer TEXT CHECK (json_valid(answer)),
    PRIMARY KEY (account, sync, person)
) STRICT;
INSERT INTO link_extras VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','cid',NULL,'{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:26 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO link_extras VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9b17e58a8e135e531d4c3b1','noid',NULL,'{"status":201,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:27 GMT"],["content-type","application/json"],["content-length","2"]],"body":"{}","looked_at_revision":1}');
INSERT INTO link_extras VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','ada',NULL,'{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:26 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO link_extras VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','bad',NULL,'{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:26 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO link_extras VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','bob',NULL,'{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:27 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO link_extras VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','lost',NULL,'{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:27 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO link_extras VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','noid',NULL,'{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:27 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO link_extras VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','taken',NULL,'{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:27 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO link_extras VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g11',NULL,'{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:28 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO link_extras VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g12',NULL,'{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:28 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO link_extras VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g13',NULL,'{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:28 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO link_extras VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g14',NULL,'{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:28 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO link_extras VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g15',NULL,'{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:28 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO link_extras VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g07',NULL,'{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:28 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO link_extras VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g08',NULL,'{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:28 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO link_extras VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g00',NULL,'{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:28 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO link_extras VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g01',NULL,'{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:28 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO link_extras VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g02',NULL,'{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:28 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO link_extras VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g03',NULL,'{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:28 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO link_extras VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g04',NULL,'{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:28 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO link_extras VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g05',NULL,'{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:28 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO link_extras VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g06',NULL,'{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:28 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO link_extras VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g09',NULL,'{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:28 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO link_extras VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g10',NULL,'{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:28 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO link_extras VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g16',NULL,'{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:29 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO link_extras VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g17',NULL,'{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:29 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO link_extras VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g18',NULL,'{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:29 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO link_extras VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g20',NULL,'{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:29 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO link_extras VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g19',NULL,'{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:29 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
INSERT INTO link_extras VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g21',NULL,'{"status":200,"headers":[["server","BaseHTTP/0.6 Python/3.11.7"],["date","Sun, 29 Nov 2026 11:58:29 GMT"],["content-type","text/html"],["content-length","27"]],"body":"<!DOCTYPE html><p>Thank you","looked_at_revision":1}');
CREATE TABLE log_entries (
    account BLOB NOT NULL,
    -- A UUID version 7: sorts by time.
    id BLOB NOT NULL CHECK (length(id) = 16),
    at INTEGER NOT NULL,
    sync BLOB NOT NULL,
    person TEXT NOT NULL,
    person_version INTEGER NOT NULL,
    operation INTEGER NOT NULL CHECK (operation BETWEEN 0 AND 3),
    -- 0 succeeded, 1 retrying, 2 parked, 3 skipped.
    outcome INTEGER NOT NULL CHECK (outcome BETWEEN 0 AND 3),
    failure INTEGER CHECK (failure BETWEEN 0 AND 13),
    message TEXT NOT NULL,
    unique_id TEXT,
    unique_id_number INTEGER NOT NULL CHECK (unique_id_number IN (0, 1)),
    attempt INTEGER,
    duration_ms INTEGER,
    -- The response's, for filters.
    status INTEGER,
    next_attempt_at INTEGER, exchange BLOB,
    PRIMARY KEY (account, id)
) STRICT;
INSERT INTO log_entries VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bba647a56b1934ef5ffc44973',1795953506916509,X'01a2272bb9c770e0a8dfb5fa1e84fc67','cid',1,0,0,NULL,'created: answered 200, but no unique id is configured',NULL,0,1,13,200,NULL,X'017602000008ed020d920203bc02f00439332e372e31313a31373733312f6f6e657761da0108570103ff011343da011f5425010b08f20017493202204b655800045b01f81563616637316435372d346438392d343066362d393261342d3963613139306261633361364a006f557365722d41d9020c125d3a020221010d4104004904212c5ca8020178043141646111000197040112003563696430044f746573745d0109162c88020d6f020331010d9b06f80b42617365485454502f302e3620507974686f6e2f332e31312e37eb000b2702010902f2053239204e6f7620323032362031313a35383a32361502069f030483021a74a0019f746578742f68746d6c2c00010daf022832374701a03c21444f4354595045204100df3e3c703e5468616e6b20796f7576020160616c73657d5d');
INSERT INTO log_entries VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bba637417bc1eb0d0e6300ee7',1795953506915771,X'01a2272bb97a712f955730642eb25685','ada',1,0,0,NULL,'created: answered 201, unique id c-ada','c-ada',0,1,21,201,NULL,X'017702000008ed020d920203bc02e039332e372e31313a31373733312fc7004f616374738b02031343dc011f5427010b08f40017493402194b3402f81531343864613736382d376466362d346335302d386530322d3263363232663962666363624a006f557365722d41db020c125d3c020223010c430431616461140400cf02017a04134111000199040112003561646132044f746573745f0109162c8a020f5802050d9d06f80b42617365485454502f302e3620507974686f6e2f332e31312e37eb000b2902010b02f2053239204e6f7620323032362031313a35383a3236170206a10300be010f7c03120e33000db8022b31354e0101880551205c22632d48010f77020260616c73657d5d');
INSERT INTO log_entries VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bba89727f9a4d1f8d58112340',1795953506953124,X'01a2272bb97a712f955730642eb25685','lost',1,0,1,6,'sent, but no answer came: 127.93.7.11:17731 ended the connection before it answered',NULL,0,1,41,NULL,1795953538230894,X'016601000008ed020d920203bc02e039332e372e31313a31373733312fc7004f616374738b02031343dc011f5427010b08f40017493402194b3402f81564616164656264652d323739612d346235612d623534382d6362313735356333346232614a006f557365722d41db020c125d3c020223010c4304416c6f7374150400d002017b04314164611100019a0401120000240005340420746531000f610107602c6e756c6c5d');
INSERT INTO log_entries VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bba6d78d6b80272fadbff4e27',1795953506925046,X'01a2272bb97a712f955730642eb25685','cid',1,0,0,NULL,'created: answered 201, unique id c-cid','c-cid',0,1,13,201,NULL,X'017702000008ed020d920203bc02e039332e372e31313a31373733312fc7004f616374738b02031343dc011f5427010b08f40017493402194b3402f81534363337316238392d633232652d343862382d623565612d3436336164623565653331624a006f557365722d41db020c125d3c020223010d4304004b04212c5caa02017a043141646111000199040112003563696432044f746573745f0109162c8a020f5802050d9d06f80b42617365485454502f302e3620507974686f6e2f332e31312e37eb000b2902010b02f2053239204e6f7620323032362031313a35383a3236170206a10300be010f7c03120e33000db8022b31354e01003d01703a205c22632d630b000f77020260616c73657d5d');
INSERT INTO log_entries VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bba88791cac3b6c8f4fd09e29',1795953506952537,X'01a2272bb97a712f955730642eb25685','noid',1,0,0,NULL,'created: answered 201, unique id c-noid','c-noid',0,1,40,201,NULL,X'017a02000008ed020d920203bc02e039332e372e31313a31373733312fc7004f616374738b02031343dc011f5427010b08f40017493402194b3402f81539393765376264382d323132322d343162302d613133332d3564383637633036646631344a006f557365722d41db020c125d3c020223010c4304206e6f4c04212c5cab02017b04314164611100019a040112000024000534044f74657374610109162c8c020f5a02050d9f06f80b42617365485454502f302e3620507974686f6e2f332e31312e37ed000b2b02010d02f2053239204e6f7620323032362031313a35383a3236190206a30300c0010f7e03120e33000dba022b31365001003e01603a205c22632d26010f19010460616c73657d5d');
INSERT INTO log_entries VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bba897cfc92e7afca8c5fe071',1795953506953676,X'01a2272bb9b17e58a8e135e531d4c3b1','bob',1,0,0,NULL,'created: answered 201, unique id c-bob','c-bob',0,1,12,201,NULL,X'01da02000008ed020d920203bc02ff0439332e372e31313a31373733312f6b6579656488020358582d4f6e63c000f81530616439623466382d626463652d343232372d613761662d653038313037323632326164ff0059582d547261420078666f7220626f62250013433f021f548a010b08330017499702194b97020fa2001d6f557365722d413e030c125d9f020286010ca60431626f62770400320301dd0431416461110001fc0401120035626f6295044f74657374c20109162ced020fbb02050d0007f80b42617365485454502f302e3620507974686f6e2f332e31312e3735010b8c02016e02f2053239204e6f7620323032362031313a35383a32367a0206040404e8021f74a001170433000d1b032b31354e0101eb0551205c22632d48010fda020260616c73657d5d');
CREATE TABLE counters (
    account BLOB NOT NULL,
    sync BLOB NOT NULL,
    -- Beginning and width of the span: a minute, later folded into an hour.
    start INTEGER NOT NULL,
    width INTEGER NOT NULL CHECK (width IN (60000000, 3600000000)),
    operation INTEGER NOT NULL CHECK (operation BETWEEN 0 AND 3),
    kind INTEGER NOT NULL CHECK (kind BETWEEN 0 AND 2),
    bucket INTEGER NOT NULL CHECK (bucket BETWEEN 0 AND 29),
    count INTEGER NOT NULL,
    PRIMARY KEY (account, sync, start, width, operation, kind, bucket)
) STRICT, WITHOUT ROWID;
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb97a712f955730642eb25685',1795953480000000,60000000,0,0,1,1);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb97a712f955730642eb25685',1795953480000000,60000000,0,0,4,1);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb97a712f955730642eb25685',1795953480000000,60000000,0,0,6,2);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb97a712f955730642eb25685',1795953480000000,60000000,0,0,7,1);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb97a712f955730642eb25685',1795953480000000,60000000,0,0,8,2);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb97a712f955730642eb25685',1795953480000000,60000000,0,0,9,3);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb97a712f955730642eb25685',1795953480000000,60000000,0,0,10,1);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb97a712f955730642eb25685',1795953480000000,60000000,0,0,12,14);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb97a712f955730642eb25685',1795953480000000,60000000,0,0,13,3);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb97a712f955730642eb25685',1795953480000000,60000000,0,1,9,1);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb97a712f955730642eb25685',1795953480000000,60000000,2,0,3,1);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb97a712f955730642eb25685',1795953480000000,60000000,2,0,4,1);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb97a712f955730642eb25685',1795953480000000,60000000,2,0,5,1);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb97a712f955730642eb25685',1795953480000000,60000000,2,0,7,3);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb97a712f955730642eb25685',1795953480000000,60000000,2,0,9,10);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb97a712f955730642eb25685',1795953480000000,60000000,2,0,14,6);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9b17e58a8e135e531d4c3b1',1795953480000000,60000000,0,0,5,1);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9b17e58a8e135e531d4c3b1',1795953480000000,60000000,0,0,6,2);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9b17e58a8e135e531d4c3b1',1795953480000000,60000000,0,0,9,6);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9b17e58a8e135e531d4c3b1',1795953480000000,60000000,0,0,10,1);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9b17e58a8e135e531d4c3b1',1795953480000000,60000000,0,0,11,1);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9b17e58a8e135e531d4c3b1',1795953480000000,60000000,0,0,12,7);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9b17e58a8e135e531d4c3b1',1795953480000000,60000000,0,0,13,8);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9b17e58a8e135e531d4c3b1',1795953480000000,60000000,0,0,14,1);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9b17e58a8e135e531d4c3b1',1795953480000000,60000000,0,1,9,1);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9b17e58a8e135e531d4c3b1',1795953480000000,60000000,0,1,10,1);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9b17e58a8e135e531d4c3b1',1795953480000000,60000000,2,0,2,1);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9b17e58a8e135e531d4c3b1',1795953480000000,60000000,2,0,3,1);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9b17e58a8e135e531d4c3b1',1795953480000000,60000000,2,0,4,2);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9b17e58a8e135e531d4c3b1',1795953480000000,60000000,2,0,5,1);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9b17e58a8e135e531d4c3b1',1795953480000000,60000000,2,0,7,1);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9b17e58a8e135e531d4c3b1',1795953480000000,60000000,2,0,8,11);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9b17e58a8e135e531d4c3b1',1795953480000000,60000000,2,0,9,4);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9b17e58a8e135e531d4c3b1',1795953480000000,60000000,2,0,11,1);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67',1795953480000000,60000000,0,0,6,1);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67',1795953480000000,60000000,0,0,8,3);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67',1795953480000000,60000000,0,0,9,2);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67',1795953480000000,60000000,0,0,10,6);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67',1795953480000000,60000000,0,0,11,1);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67',1795953480000000,60000000,0,0,12,7);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67',1795953480000000,60000000,0,0,13,8);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67',1795953480000000,60000000,0,0,14,1);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9d37186b1c893d9c235d1c5',1795953480000000,60000000,0,0,2,1);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9d37186b1c893d9c235d1c5',1795953480000000,60000000,0,0,6,2);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9d37186b1c893d9c235d1c5',1795953480000000,60000000,0,0,8,3);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9d37186b1c893d9c235d1c5',1795953480000000,60000000,0,0,9,2);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9d37186b1c893d9c235d1c5',1795953480000000,60000000,0,0,10,2);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9d37186b1c893d9c235d1c5',1795953480000000,60000000,0,0,11,10);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9d37186b1c893d9c235d1c5',1795953480000000,60000000,0,0,12,2);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9d37186b1c893d9c235d1c5',1795953480000000,60000000,0,0,13,4);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9d37186b1c893d9c235d1c5',1795953480000000,60000000,0,1,1,1);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9d37186b1c893d9c235d1c5',1795953480000000,60000000,0,1,7,1);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9d37186b1c893d9c235d1c5',1795953480000000,60000000,0,1,10,1);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9d37186b1c893d9c235d1c5',1795953480000000,60000000,2,0,3,4);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9d37186b1c893d9c235d1c5',1795953480000000,60000000,2,0,4,1);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9d37186b1c893d9c235d1c5',1795953480000000,60000000,2,0,6,1);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9d37186b1c893d9c235d1c5',1795953480000000,60000000,2,0,8,11);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9d37186b1c893d9c235d1c5',1795953480000000,60000000,2,0,9,4);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9d37186b1c893d9c235d1c5',1795953480000000,60000000,2,0,10,1);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9df71be8259bb63b9de9b8b',1795953480000000,60000000,0,0,2,1);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9df71be8259bb63b9de9b8b',1795953480000000,60000000,0,0,6,1);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9df71be8259bb63b9de9b8b',1795953480000000,60000000,0,0,9,5);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9df71be8259bb63b9de9b8b',1795953480000000,60000000,0,0,11,4);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9df71be8259bb63b9de9b8b',1795953480000000,60000000,0,0,12,2);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9df71be8259bb63b9de9b8b',1795953480000000,60000000,0,0,13,10);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9df71be8259bb63b9de9b8b',1795953480000000,60000000,0,0,14,5);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9df71be8259bb63b9de9b8b',1795953480000000,60000000,0,1,8,1);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9df71be8259bb63b9de9b8b',1795953480000000,60000000,2,0,7,2);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9df71be8259bb63b9de9b8b',1795953480000000,60000000,2,0,8,5);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9df71be8259bb63b9de9b8b',1795953480000000,60000000,2,0,9,9);
INSERT INTO counters VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9df71be8259bb63b9de9b8b',1795953480000000,60000000,2,0,10,6);
CREATE TABLE alert_settings (
    account BLOB NOT NULL PRIMARY KEY REFERENCES accounts,
    settings TEXT NOT NULL CHECK (json_valid(settings)),
    -- No alert of the account is taken before then: one is under way, or the last one was just now.
    held_until INTEGER NOT NULL,
    lease_token BLOB CHECK (length(lease_token) = 16),
    last_sent_at INTEGER,
    last_error TEXT,
    last_error_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE TABLE alerts (
    account BLOB NOT NULL,
    sync BLOB NOT NULL CHECK (length(sync) = 16),
    book TEXT NOT NULL CHECK (json_valid(book)),
    -- Of the book.
    waiting INTEGER NOT NULL CHECK (waiting >= 0),
    due_at INTEGER,
    PRIMARY KEY (account, sync),
    CHECK ((waiting = 0) = (due_at IS NULL))
) STRICT, WITHOUT ROWID;
CREATE TABLE sessions (
    hash BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
    account BLOB NOT NULL,
    api_key BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    FOREIGN KEY (account, api_key) REFERENCES api_keys (account, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS "links" (
    account BLOB NOT NULL,
    sync BLOB NOT NULL,
    person TEXT NOT NULL,
    -- 0 Unlinked, 1 Uncertain, 2 Linked, 3 Leaving, 4 Unaddressable.
    state INTEGER NOT NULL CHECK (state BETWEEN 0 AND 4),
    unique_id TEXT CHECK (octet_length(unique_id) BETWEEN 1 AND 512),
    -- Whether it was given as a number, so that it stays one.
    unique_id_number INTEGER NOT NULL CHECK (unique_id_number IN (0, 1)),
    generation INTEGER NOT NULL CHECK (generation >= 0),
    due_at INTEGER,
    -- The latest of due_at, quiet_until and lease_until; the program computes it.
    claimable_at INTEGER,
    -- Whether it was tried and failed; the program computes it.
    retrying INTEGER NOT NULL CHECK (retrying IN (0, 1)),
    quiet_until INTEGER,
    force INTEGER NOT NULL CHECK (force IN (0, 1)),
    allow_resend INTEGER NOT NULL CHECK (allow_resend IN (0, 1)),
    asked INTEGER NOT NULL CHECK (asked IN (0, 1)),
    sent_version INTEGER,
    sent_revision INTEGER,
    sent_digest BLOB CHECK (length(sent_digest) = 32),
    key BLOB CHECK (length(key) = 16),
    key_version INTEGER,
    key_first_used_at INTEGER,
    tries INTEGER NOT NULL CHECK (tries >= 0),
    deferrals INTEGER NOT NULL CHECK (deferrals >= 0),
    last_tried_at INTEGER,
    recreated INTEGER NOT NULL CHECK (recreated IN (0, 1)),
    -- 1 refused to 9 retries spent.
    parked INTEGER CHECK (parked BETWEEN 1 AND 9),
    parked_detail TEXT,
    parked_at INTEGER,
    refused_digest BLOB CHECK (length(refused_digest) = 32),
    lease_token BLOB CHECK (length(lease_token) = 16),
    lease_until INTEGER,
    -- NULL within a lease: a decision that sends nothing is on its way.
    lease_operation INTEGER CHECK (lease_operation BETWEEN 0 AND 3),
    lease_version INTEGER,
    settled_token BLOB CHECK (length(settled_token) = 16),
    last_decision TEXT,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (account, sync, person),
    CHECK ((state IN (2, 3)) = (unique_id IS NOT NULL)),
    CHECK (unique_id IS NOT NULL OR unique_id_number = 0),
    CHECK ((due_at IS NULL) = (claimable_at IS NULL)),
    CHECK (claimable_at >= due_at),
    CHECK (parked IS NULL OR due_at IS NULL),
    CHECK ((sent_version IS NULL) = (sent_revision IS NULL)),
    CHECK (sent_digest IS NULL OR sent_version IS NOT NULL),
    CHECK ((key IS NULL) = (key_version IS NULL) AND (key IS NULL) = (key_first_used_at IS NULL)),
    CHECK ((parked IS NULL) = (parked_detail IS NULL) AND (parked IS NULL) = (parked_at IS NULL)),
    CHECK ((lease_token IS NULL) = (lease_until IS NULL) AND (lease_token IS NULL) = (lease_version IS NULL)),
    CHECK (lease_operation IS NULL OR lease_token IS NOT NULL)
) STRICT;
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb97a712f955730642eb25685','ada',2,'c-ada',0,1,NULL,NULL,0,NULL,0,0,0,1,1,X'b035da36e8566b8c3db9a88228ee8aa5e103ce2c3d755dd8d4d56469fa4a9b47',NULL,NULL,NULL,0,0,1795953506927139,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'246097880d064feeb86e7fdf98cde27f','created: answered 201, unique id c-ada',1795953506927139);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb97a712f955730642eb25685','bad',2,'c-bad',0,1,NULL,NULL,0,NULL,0,0,0,1,1,X'7a715485791fc8a6ce26c0cd4223956bb47323423f61e0e8ddd8c303e15fde44',NULL,NULL,NULL,0,0,1795953507075195,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'246097880d064feeb86e7fdf98cde27f','created: answered 201, unique id c-bad',1795953507075195);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb97a712f955730642eb25685','bob',2,'c-bob',0,2,1795953512779086,1795953512779086,0,NULL,0,0,0,1,1,X'64074092f509290f20a0cdf58b56a60e0e757e6ffb74435596107eb24d7d5125',NULL,NULL,NULL,0,0,1795953507075195,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'246097880d064feeb86e7fdf98cde27f','created: answered 201, unique id c-bob',1795953512779086);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb97a712f955730642eb25685','cid',2,'c-cid',0,2,1795953512784959,1795953512784959,0,NULL,0,0,0,1,1,X'0a1db0052aaa209e7b280afd6e9069e49cb1a9052cfb30445092ea88d779a5a7',NULL,NULL,NULL,0,0,1795953507009670,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'246097880d064feeb86e7fdf98cde27f','created: answered 201, unique id c-cid',1795953512784959);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb97a712f955730642eb25685','lost',1,NULL,0,1,1795953538230894,1795953538230894,1,1795953507209670,0,0,0,NULL,NULL,NULL,X'daadebde279a4b5ab548cb1755c34b2a',1,1795953506803314,1,0,1795953507009670,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'246097880d064feeb86e7fdf98cde27f','sent, but no answer came: 127.93.7.11:17731 ended the connection before it answered',1795953507009670);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb97a712f955730642eb25685','noid',2,'c-noid',0,1,NULL,NULL,0,NULL,0,0,0,1,1,X'a00598029ae3616a87256bc16d3bcef8ed967ee8b59e3cb39d4412f8c81a4616',NULL,NULL,NULL,0,0,1795953507009670,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'246097880d064feeb86e7fdf98cde27f','created: answered 201, unique id c-noid',1795953507009670);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb97a712f955730642eb25685','taken',2,'c-taken',0,1,NULL,NULL,0,NULL,0,0,0,1,1,X'c72581ed0c33e71af8f69c9b9aea02becc63ec651996865cb1d2e1053fb5cd2c',NULL,NULL,NULL,0,0,1795953507009670,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'246097880d064feeb86e7fdf98cde27f','created: answered 201, unique id c-taken',1795953507009670);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9b17e58a8e135e531d4c3b1','ada',2,'c-ada',0,1,NULL,NULL,0,NULL,0,0,0,1,1,X'bba8d812743b3c37129c211a5a6cab5fd7eccd577dd758d3444d006a26442381',NULL,NULL,NULL,0,0,1795953507075195,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'246097880d064feeb86e7fdf98cde27f','created: answered 201, unique id c-ada',1795953507075195);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9b17e58a8e135e531d4c3b1','bad',2,'c-bad',0,1,NULL,NULL,0,NULL,0,0,0,1,1,X'cef51386b385e6624df7093b104e301d637c9d57b54cce5d291262c5d9d5ec8f',NULL,NULL,NULL,0,0,1795953507009670,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'246097880d064feeb86e7fdf98cde27f','created: answered 201, unique id c-bad',1795953507009670);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9b17e58a8e135e531d4c3b1','bob',2,'c-bob',0,2,1795953512779086,1795953512779086,0,NULL,0,0,0,1,1,X'07f10785eb54ab5c70bc5495693860d8a784f7133304c7ff83d8ea482d2fb972',NULL,NULL,NULL,0,0,1795953507009670,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'246097880d064feeb86e7fdf98cde27f','created: answered 201, unique id c-bob',1795953512779086);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9b17e58a8e135e531d4c3b1','cid',2,'c-cid',0,2,1795953512784959,1795953512784959,0,NULL,0,0,0,1,1,X'593f34c58412cab19e241f44320006667178f3cbac819fcaedae6b1ddd66e916',NULL,NULL,NULL,0,0,1795953507075195,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'246097880d064feeb86e7fdf98cde27f','created: answered 201, unique id c-cid',1795953512784959);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9b17e58a8e135e531d4c3b1','lost',1,NULL,0,1,1795953528553949,1795953528553949,1,1795953507275195,0,0,0,NULL,NULL,NULL,X'b792c67b9da3421ea12f6051d1291886',1,1795953506803314,1,0,1795953507075195,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'246097880d064feeb86e7fdf98cde27f','sent, but no answer came: 127.93.7.11:17731 ended the connection before it answered',1795953507075195);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9b17e58a8e135e531d4c3b1','noid',4,NULL,0,1,NULL,NULL,0,NULL,0,0,0,1,1,NULL,NULL,NULL,NULL,0,0,1795953507075195,0,3,'created: answered 201, but the answer holds nothing at the unique id''s place. created, but no unique id could be read from the answer: correct the unique id path or header, or set up a lookup rule; then retry',1795953507075195,NULL,NULL,NULL,NULL,NULL,X'246097880d064feeb86e7fdf98cde27f','created: answered 201, but the answer holds nothing at the unique id''s place. created, but no unique id could be read from the answer: correct the unique id path or header, or set up a lookup rule; then retry',1795953507075195);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9b17e58a8e135e531d4c3b1','taken',2,'c-taken',0,1,NULL,NULL,0,NULL,0,0,0,1,1,X'16c0dba3846089a212bc39022667a332d4d4f40918a482a70b492c50928d47c9',NULL,NULL,NULL,0,0,1795953507075195,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'246097880d064feeb86e7fdf98cde27f','created: answered 201, unique id c-taken',1795953507075195);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','ada',4,NULL,0,1,NULL,NULL,0,NULL,0,0,0,1,1,NULL,NULL,NULL,NULL,0,0,1795953507075195,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'246097880d064feeb86e7fdf98cde27f','created: answered 200, but no unique id is configured',1795953507075195);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','bad',4,NULL,0,1,NULL,NULL,0,NULL,0,0,0,1,1,NULL,NULL,NULL,NULL,0,0,1795953507075195,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'246097880d064feeb86e7fdf98cde27f','created: answered 200, but no unique id is configured',1795953507075195);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','bob',4,NULL,0,2,1795953512779086,1795953512779086,0,NULL,0,0,0,1,1,NULL,NULL,NULL,NULL,0,0,1795953507075195,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'246097880d064feeb86e7fdf98cde27f','created: answered 200, but no unique id is configured',1795953512779086);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','cid',4,NULL,0,2,1795953512784959,1795953512784959,0,NULL,0,0,0,1,1,NULL,NULL,NULL,NULL,0,0,1795953506927139,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'246097880d064feeb86e7fdf98cde27f','created: answered 200, but no unique id is configured',1795953512784959);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','lost',4,NULL,0,1,NULL,NULL,0,NULL,0,0,0,1,1,NULL,NULL,NULL,NULL,0,0,1795953507139141,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'246097880d064feeb86e7fdf98cde27f','created: answered 200, but no unique id is configured',1795953507139141);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','noid',4,NULL,0,1,NULL,NULL,0,NULL,0,0,0,1,1,NULL,NULL,NULL,NULL,0,0,1795953507139141,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'246097880d064feeb86e7fdf98cde27f','created: answered 200, but no unique id is configured',1795953507139141);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','taken',4,NULL,0,1,NULL,NULL,0,NULL,0,0,0,1,1,NULL,NULL,NULL,NULL,0,0,1795953507139141,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'246097880d064feeb86e7fdf98cde27f','created: answered 200, but no unique id is configured',1795953507139141);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9d37186b1c893d9c235d1c5','ada',2,'c-ada',0,1,NULL,NULL,0,NULL,0,0,0,1,1,X'a5bd4849e98dd6390d00fb6cae65a7187bcb9e944447b093d42f4c0f70fd5cec',NULL,NULL,NULL,0,0,1795953507139141,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'246097880d064feeb86e7fdf98cde27f','created: answered 201, unique id c-ada',1795953507139141);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9d37186b1c893d9c235d1c5','bad',0,NULL,0,1,NULL,NULL,0,NULL,0,0,0,NULL,NULL,NULL,NULL,NULL,NULL,0,0,1795953507139141,0,1,'answered 422: {"error":"no such name"} (change the person''s data or the rule)',1795953507139141,X'bc6fbc7613b5304e32664e4111c4b2484813c42ed5e4e979426cbe87621bd8b1',NULL,NULL,NULL,NULL,X'246097880d064feeb86e7fdf98cde27f','answered 422: {"error":"no such name"} (change the person''s data or the rule)',1795953507139141);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9d37186b1c893d9c235d1c5','bob',2,'c-bob',0,2,1795953512779086,1795953512779086,0,NULL,0,0,0,1,1,X'56ad79f394f006f726d650e3d9d222f1cc89477c3dfa3cfb690482a6ae08e4aa',NULL,NULL,NULL,0,0,1795953507075195,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'246097880d064feeb86e7fdf98cde27f','created: answered 201, unique id c-bob',1795953512779086);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9d37186b1c893d9c235d1c5','cid',2,'c-cid',0,2,1795953512784959,1795953512784959,0,NULL,0,0,0,1,1,X'3e4703719ad1cdb5e6fac8df783d5aad4a84e223b4b6fbaf55d135b1b6018671',NULL,NULL,NULL,0,0,1795953507139141,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'246097880d064feeb86e7fdf98cde27f','created: answered 201, unique id c-cid',1795953512784959);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9d37186b1c893d9c235d1c5','lost',1,NULL,0,1,1795953526447978,1795953526447978,1,1795953507275195,0,0,0,NULL,NULL,NULL,X'd0bf18c60382458a8d35c89a0f29a9ad',1,1795953506803314,1,0,1795953507075195,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'246097880d064feeb86e7fdf98cde27f','sent, but no answer came: 127.93.7.11:17731 ended the connection before it answered',1795953507075195);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9d37186b1c893d9c235d1c5','noid',2,'c-noid',0,1,NULL,NULL,0,NULL,0,0,0,1,1,X'b5d91e7c147300237de879954fac9093afa83ce09efaf984c0d68c541299c8e9',NULL,NULL,NULL,0,0,1795953507075195,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'246097880d064feeb86e7fdf98cde27f','created: answered 201, unique id c-noid',1795953507075195);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9d37186b1c893d9c235d1c5','taken',0,NULL,0,1,NULL,NULL,0,NULL,0,0,0,NULL,NULL,NULL,NULL,NULL,NULL,0,0,1795953507075195,0,1,'answered 409: {"error":"there is one"} (change the person''s data or the rule)',1795953507075195,X'04c73f5978c5df72f19e70454b40dbb0f1231a043620e7d2211290ca8a571b36',NULL,NULL,NULL,NULL,X'246097880d064feeb86e7fdf98cde27f','answered 409: {"error":"there is one"} (change the person''s data or the rule)',1795953507075195);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9df71be8259bb63b9de9b8b','ada',2,'c-ada',0,1,NULL,NULL,0,NULL,0,0,0,1,1,X'15ee4886b9453514703eaab165165a3a7ffabd7cd5442b09e21a985d9579397b',NULL,NULL,NULL,0,0,1795953507075195,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'246097880d064feeb86e7fdf98cde27f','created: answered 201, unique id c-ada',1795953507075195);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9df71be8259bb63b9de9b8b','bad',2,'c-bad',0,1,NULL,NULL,0,NULL,0,0,0,1,1,X'4af9471eb54a69136d99feb736d09790e35ec4a0bd380d04069d2a4d8a7f7a29',NULL,NULL,NULL,0,0,1795953507139141,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'246097880d064feeb86e7fdf98cde27f','created: answered 201, unique id c-bad',1795953507139141);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9df71be8259bb63b9de9b8b','bob',2,'c-bob',0,2,1795953512779086,1795953512779086,0,NULL,0,0,0,1,1,X'e6b9d7f72cadfd767e43b30bcc7e732b61dff99683d040e971ccd41d3de65d6c',NULL,NULL,NULL,0,0,1795953507139141,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'246097880d064feeb86e7fdf98cde27f','created: answered 201, unique id c-bob',1795953512779086);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9df71be8259bb63b9de9b8b','cid',2,'c-cid',0,2,1795953512784959,1795953512784959,0,NULL,0,0,0,1,1,X'0509b476bf793971b9d56483118083aa0a1fdac687ec095e260f8fc34628b398',NULL,NULL,NULL,0,0,1795953507139141,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'246097880d064feeb86e7fdf98cde27f','created: answered 201, unique id c-cid',1795953512784959);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9df71be8259bb63b9de9b8b','lost',1,NULL,0,1,1795953535996077,1795953535996077,1,1795953507339141,0,0,0,NULL,NULL,NULL,X'212333857fcb42e69f5de4434d339358',1,1795953506803314,1,0,1795953507139141,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'246097880d064feeb86e7fdf98cde27f','sent, but no answer came: 127.93.7.11:17731 ended the connection before it answered',1795953507139141);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9df71be8259bb63b9de9b8b','noid',2,'c-noid',0,1,NULL,NULL,0,NULL,0,0,0,1,1,X'1a967285d0f5a77760fe6d759db3648491e3d2fb1bc38b17d4ff7b2e461f1c93',NULL,NULL,NULL,0,0,1795953507139141,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'246097880d064feeb86e7fdf98cde27f','created: answered 201, unique id c-noid',1795953507139141);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9df71be8259bb63b9de9b8b','taken',2,'c-taken',0,1,NULL,NULL,0,NULL,0,0,0,1,1,X'b02c514ed808a8e92ca3a4ae501cf5f8911eb591c1577579902ae5685cb7d2e6',NULL,NULL,NULL,0,0,1795953507139141,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'246097880d064feeb86e7fdf98cde27f','created: answered 201, unique id c-taken',1795953507139141);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g00',4,NULL,0,2,NULL,NULL,0,NULL,0,0,0,1,1,NULL,NULL,NULL,NULL,0,0,1795953509143070,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'fabba35e9b1442d7bab2ad9ebf823850','nothing sent: delete is off',1795953511027539);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g01',4,NULL,0,2,NULL,NULL,0,NULL,0,0,0,1,1,NULL,NULL,NULL,NULL,0,0,1795953509143070,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'fabba35e9b1442d7bab2ad9ebf823850','nothing sent: delete is off',1795953511027539);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g02',4,NULL,0,2,NULL,NULL,0,NULL,0,0,0,1,1,NULL,NULL,NULL,NULL,0,0,1795953509143070,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'fabba35e9b1442d7bab2ad9ebf823850','nothing sent: delete is off',1795953511027539);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g03',4,NULL,0,2,NULL,NULL,0,NULL,0,0,0,1,1,NULL,NULL,NULL,NULL,0,0,1795953509143070,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'fabba35e9b1442d7bab2ad9ebf823850','nothing sent: delete is off',1795953511027539);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g04',4,NULL,0,2,NULL,NULL,0,NULL,0,0,0,1,1,NULL,NULL,NULL,NULL,0,0,1795953509143070,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'fabba35e9b1442d7bab2ad9ebf823850','nothing sent: delete is off',1795953511027539);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g05',4,NULL,0,2,NULL,NULL,0,NULL,0,0,0,1,1,NULL,NULL,NULL,NULL,0,0,1795953509143070,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'fabba35e9b1442d7bab2ad9ebf823850','nothing sent: delete is off',1795953511027539);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g06',4,NULL,0,2,NULL,NULL,0,NULL,0,0,0,1,1,NULL,NULL,NULL,NULL,0,0,1795953509143070,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'fabba35e9b1442d7bab2ad9ebf823850','nothing sent: delete is off',1795953511027539);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g07',4,NULL,0,2,NULL,NULL,0,NULL,0,0,0,1,1,NULL,NULL,NULL,NULL,0,0,1795953509031847,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'fabba35e9b1442d7bab2ad9ebf823850','nothing sent: delete is off',1795953511027539);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g08',4,NULL,0,2,NULL,NULL,0,NULL,0,0,0,1,1,NULL,NULL,NULL,NULL,0,0,1795953509031847,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'fabba35e9b1442d7bab2ad9ebf823850','nothing sent: delete is off',1795953511027539);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g09',4,NULL,0,2,NULL,NULL,0,NULL,0,0,0,1,1,NULL,NULL,NULL,NULL,0,0,1795953509143070,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'fabba35e9b1442d7bab2ad9ebf823850','nothing sent: delete is off',1795953511027539);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g10',4,NULL,0,2,NULL,NULL,0,NULL,0,0,0,1,1,NULL,NULL,NULL,NULL,0,0,1795953509143070,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'fabba35e9b1442d7bab2ad9ebf823850','nothing sent: delete is off',1795953511027539);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g11',4,NULL,0,2,NULL,NULL,0,NULL,0,0,0,1,1,NULL,NULL,NULL,NULL,0,0,1795953508881067,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'fabba35e9b1442d7bab2ad9ebf823850','nothing sent: delete is off',1795953511027539);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g12',4,NULL,0,2,NULL,NULL,0,NULL,0,0,0,1,1,NULL,NULL,NULL,NULL,0,0,1795953508881067,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'fabba35e9b1442d7bab2ad9ebf823850','nothing sent: delete is off',1795953511027539);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g13',4,NULL,0,2,NULL,NULL,0,NULL,0,0,0,1,1,NULL,NULL,NULL,NULL,0,0,1795953508881067,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'fabba35e9b1442d7bab2ad9ebf823850','nothing sent: delete is off',1795953511027539);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g14',4,NULL,0,2,NULL,NULL,0,NULL,0,0,0,1,1,NULL,NULL,NULL,NULL,0,0,1795953508881067,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'fabba35e9b1442d7bab2ad9ebf823850','nothing sent: delete is off',1795953511027539);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g15',4,NULL,0,2,NULL,NULL,0,NULL,0,0,0,1,1,NULL,NULL,NULL,NULL,0,0,1795953508881067,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'fabba35e9b1442d7bab2ad9ebf823850','nothing sent: delete is off',1795953511027539);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g16',4,NULL,0,2,NULL,NULL,0,NULL,0,0,0,1,1,NULL,NULL,NULL,NULL,0,0,1795953509143070,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'273e3a2ae5d5473e9ab5b8c8704ed039','nothing sent: delete is off',1795953511064908);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g17',4,NULL,0,2,NULL,NULL,0,NULL,0,0,0,1,1,NULL,NULL,NULL,NULL,0,0,1795953509143070,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'273e3a2ae5d5473e9ab5b8c8704ed039','nothing sent: delete is off',1795953511064908);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g18',4,NULL,0,2,NULL,NULL,0,NULL,0,0,0,1,1,NULL,NULL,NULL,NULL,0,0,1795953509143070,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'273e3a2ae5d5473e9ab5b8c8704ed039','nothing sent: delete is off',1795953511064908);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g19',4,NULL,0,2,NULL,NULL,0,NULL,0,0,0,1,1,NULL,NULL,NULL,NULL,0,0,1795953509192821,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'273e3a2ae5d5473e9ab5b8c8704ed039','nothing sent: delete is off',1795953511064908);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g20',4,NULL,0,2,NULL,NULL,0,NULL,0,0,0,1,1,NULL,NULL,NULL,NULL,0,0,1795953509143070,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'273e3a2ae5d5473e9ab5b8c8704ed039','nothing sent: delete is off',1795953511064908);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','g21',4,NULL,0,2,NULL,NULL,0,NULL,0,0,0,1,1,NULL,NULL,NULL,NULL,0,0,1795953509231259,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,X'273e3a2ae5d5473e9ab5b8c8704ed039','nothing sent: delete is off',1795953511064908);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb97a712f955730642eb25685','dan',0,NULL,0,1,1795953512779086,1795953512779086,0,NULL,0,0,0,NULL,NULL,NULL,NULL,NULL,NULL,0,0,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795953512779086);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9b17e58a8e135e531d4c3b1','dan',0,NULL,0,1,1795953512779086,1795953512779086,0,NULL,0,0,0,NULL,NULL,NULL,NULL,NULL,NULL,0,0,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795953512779086);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9c770e0a8dfb5fa1e84fc67','dan',0,NULL,0,1,1795953512779086,1795953512779086,0,NULL,0,0,0,NULL,NULL,NULL,NULL,NULL,NULL,0,0,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795953512779086);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9d37186b1c893d9c235d1c5','dan',0,NULL,0,1,1795953512779086,1795953512779086,0,NULL,0,0,0,NULL,NULL,NULL,NULL,NULL,NULL,0,0,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795953512779086);
INSERT INTO links VALUES(X'01a2272bb95770a08f68296116592dd3',X'01a2272bb9df71be8259bb63b9de9b8b','dan',0,NULL,0,1,1795953512779086,1795953512779086,0,NULL,0,0,0,NULL,NULL,NULL,NULL,NULL,NULL,0,0,NULL,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,1795953512779086);
CREATE UNIQUE INDEX api_keys_by_hash ON api_keys (hash);
CREATE INDEX people_deleted ON people (deleted_at, account, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX person_changes_by_age ON person_changes (at);
CREATE UNIQUE INDEX sweeps_by_id ON sweeps (id);
CREATE INDEX log_entries_by_person ON log_entries (account, person, id);
CREATE INDEX log_entries_failed ON log_entries (account, id) WHERE outcome IN (1, 2);
CREATE INDEX counters_of_minutes ON counters (start) WHERE width = 60000000;
CREATE INDEX alerts_due ON alerts (account, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX sessions_of_key ON sessions (account, api_key, created_at);
CREATE INDEX sessions_by_age ON sessions (expires_at);
CREATE INDEX links_claimable ON links (account, sync, retrying, claimable_at, person) WHERE claimable_at IS NOT NULL;
CREATE INDEX links_leased ON links (account, sync, lease_until) WHERE lease_until IS NOT NULL;
CREATE INDEX links_parked ON links (account, sync, person) WHERE parked IS NOT NULL;
CREATE INDEX links_unresolved ON links (account, sync, state, person) WHERE state IN (1, 3, 4);
CREATE UNIQUE INDEX links_by_unique_id ON links (account, sync, unique_id) WHERE unique_id IS NOT NULL;
CREATE INDEX log_entries_by_sync ON log_entries (sync, id);
CREATE INDEX log_successes_by_age ON log_entries (at) WHERE outcome IN (0, 3);
CREATE INDEX log_failures_by_age ON log_entries (at) WHERE outcome IN (1, 2);
COMMIT;
