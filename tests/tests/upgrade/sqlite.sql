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
