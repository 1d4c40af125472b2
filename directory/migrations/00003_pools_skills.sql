-- Pools and their skills.

-- +goose Up
CREATE TABLE IF NOT EXISTS pools (
    name       VARCHAR(32)  NOT NULL
        COMMENT 'Short name of the pool, used everywhere: a-z 0-9 -, beginning with a letter, e.g. demo. Cannot be changed.',
    sip_domain VARCHAR(100) NOT NULL
        COMMENT 'SIP domain in which the agents of the pool register, e.g. demo.holdline.test; lower case, no two pools share one. It is part of the digest of every SIP password, so it cannot be changed while an agent of the pool has one.',
    title      VARCHAR(100) NOT NULL DEFAULT ''
        COMMENT 'Name for people: any text. No effect on calls.',
    PRIMARY KEY (name),
    UNIQUE KEY pools_sip_domain (sip_domain),
    CONSTRAINT pools_name_a_z_0_9 CHECK (name <> '' AND NOT name REGEXP '[^a-z0-9-]' AND NOT name REGEXP '^[0-9-]'),
    CONSTRAINT pools_sip_domain_is_a_domain CHECK (sip_domain <> '' AND NOT sip_domain REGEXP '[^a-z0-9.-]|^[.-]|[.-]$|[.][.]')
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
  COMMENT = 'A pool is a tenant: the agents, skills and queues that can meet, and one SIP domain. Nothing in one pool sees another.';

CREATE TABLE IF NOT EXISTS skills (
    pool  VARCHAR(32)  NOT NULL
        COMMENT 'Pool that knows the skill (pools.name). Cannot be changed.',
    name  VARCHAR(64)  NOT NULL
        COMMENT 'Name of the skill: A-Z a-z 0-9 . _ @ + -, e.g. support, lang-de. Cannot be changed.',
    title VARCHAR(100) NOT NULL DEFAULT ''
        COMMENT 'Name for people: any text. No effect on calls.',
    PRIMARY KEY (pool, name),
    CONSTRAINT skills_pool FOREIGN KEY (pool) REFERENCES pools (name) ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT skills_name_characters CHECK (name <> '' AND NOT name REGEXP '[^A-Za-z0-9._@+-]|^[._@+-]')
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
  COMMENT = 'What agents can do. Agents have a skill at a level (agent_skills), callers need it at a level (need_skills).';

DROP PROCEDURE IF EXISTS check_pool;
-- +goose StatementBegin
CREATE PROCEDURE check_pool(
    name       VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    sip_domain VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin)
    COMMENT 'The rules of one row of pools.'
    NO SQL
BEGIN
    IF name = '' OR name REGEXP '[^a-z0-9-]' OR name REGEXP '^[0-9-]' THEN
        CALL refuse('pools.name', name, 'only a-z 0-9 -, beginning with a letter');
    END IF;
    IF sip_domain = '' OR sip_domain REGEXP '[^a-z0-9.-]|^[.-]|[.-]$|[.][.]' THEN
        CALL refuse('pools.sip_domain', sip_domain, 'give a domain in lower case, like demo.example.com');
    END IF;
END;
-- +goose StatementEnd

DROP PROCEDURE IF EXISTS must_be_pool;
-- +goose StatementBegin
CREATE PROCEDURE must_be_pool(
    field  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    a_pool VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin)
    COMMENT 'Refuses a reference to a pool that does not exist.'
    READS SQL DATA
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pools WHERE name = a_pool) THEN
        CALL refuse(field, a_pool, 'no such pool: INSERT it into pools first');
    END IF;
END;
-- +goose StatementEnd

DROP PROCEDURE IF EXISTS must_be_skill;
-- +goose StatementBegin
CREATE PROCEDURE must_be_skill(
    field   VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    a_pool  VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    a_skill VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin)
    COMMENT 'Refuses a reference to a skill that the pool does not have.'
    READS SQL DATA
BEGIN
    IF NOT EXISTS (SELECT 1 FROM skills WHERE pool = a_pool AND name = a_skill) THEN
        CALL refuse(field, a_skill, CONCAT('no such skill in pool ''', a_pool, ''': INSERT it into skills'));
    END IF;
END;
-- +goose StatementEnd

DROP TRIGGER IF EXISTS pools_before_insert;
-- +goose StatementBegin
CREATE TRIGGER pools_before_insert BEFORE INSERT ON pools FOR EACH ROW
    CALL check_pool(NEW.name, NEW.sip_domain);
-- +goose StatementEnd

DROP TRIGGER IF EXISTS pools_before_update;
-- +goose StatementBegin
CREATE TRIGGER pools_before_update BEFORE UPDATE ON pools FOR EACH ROW
BEGIN
    CALL check_same('pools.name', OLD.name, NEW.name);
    CALL check_pool(NEW.name, NEW.sip_domain);
    IF NOT (NEW.sip_domain <=> OLD.sip_domain)
        AND EXISTS (SELECT 1 FROM agents WHERE pool = OLD.name AND ha1 IS NOT NULL) THEN
        CALL refuse('pools.sip_domain', NEW.sip_domain,
            'agents have passwords for the old one: SET ha1 = NULL first');
    END IF;
END;
-- +goose StatementEnd

DROP TRIGGER IF EXISTS pools_before_delete;
-- +goose StatementBegin
CREATE TRIGGER pools_before_delete BEFORE DELETE ON pools FOR EACH ROW
BEGIN
    IF EXISTS (SELECT 1 FROM queues WHERE pool = OLD.name) THEN
        CALL refuse('pools.name', OLD.name, 'the pool still has queues: DELETE them first');
    ELSEIF EXISTS (SELECT 1 FROM agents WHERE pool = OLD.name) THEN
        CALL refuse('pools.name', OLD.name, 'the pool still has agents: DELETE them first');
    ELSEIF EXISTS (SELECT 1 FROM skills WHERE pool = OLD.name) THEN
        CALL refuse('pools.name', OLD.name, 'the pool still has skills: DELETE them first');
    END IF;
END;
-- +goose StatementEnd

DROP TRIGGER IF EXISTS skills_before_insert;
-- +goose StatementBegin
CREATE TRIGGER skills_before_insert BEFORE INSERT ON skills FOR EACH ROW
BEGIN
    CALL check_name('skills.name', NEW.name);
    CALL must_be_pool('skills.pool', NEW.pool);
END;
-- +goose StatementEnd

DROP TRIGGER IF EXISTS skills_before_update;
-- +goose StatementBegin
CREATE TRIGGER skills_before_update BEFORE UPDATE ON skills FOR EACH ROW
BEGIN
    CALL check_same('skills.pool', OLD.pool, NEW.pool);
    CALL check_same('skills.name', OLD.name, NEW.name);
END;
-- +goose StatementEnd

DROP TRIGGER IF EXISTS skills_before_delete;
-- +goose StatementBegin
CREATE TRIGGER skills_before_delete BEFORE DELETE ON skills FOR EACH ROW
BEGIN
    IF EXISTS (SELECT 1 FROM need_skills WHERE pool = OLD.pool AND skill = OLD.name) THEN
        CALL refuse('skills.name', OLD.name, 'needs still require it: DELETE it from need_skills first');
    ELSEIF EXISTS (SELECT 1 FROM agent_skills WHERE pool = OLD.pool AND skill = OLD.name) THEN
        CALL refuse('skills.name', OLD.name, 'agents still have it: DELETE it from agent_skills first');
    END IF;
END;
-- +goose StatementEnd

DROP TRIGGER IF EXISTS pools_after_insert;
CREATE TRIGGER pools_after_insert AFTER INSERT ON pools FOR EACH ROW CALL directory_changed();
DROP TRIGGER IF EXISTS pools_after_update;
CREATE TRIGGER pools_after_update AFTER UPDATE ON pools FOR EACH ROW CALL directory_changed();
DROP TRIGGER IF EXISTS pools_after_delete;
CREATE TRIGGER pools_after_delete AFTER DELETE ON pools FOR EACH ROW CALL directory_changed();
DROP TRIGGER IF EXISTS skills_after_insert;
CREATE TRIGGER skills_after_insert AFTER INSERT ON skills FOR EACH ROW CALL directory_changed();
DROP TRIGGER IF EXISTS skills_after_update;
CREATE TRIGGER skills_after_update AFTER UPDATE ON skills FOR EACH ROW CALL directory_changed();
DROP TRIGGER IF EXISTS skills_after_delete;
CREATE TRIGGER skills_after_delete AFTER DELETE ON skills FOR EACH ROW CALL directory_changed();
