-- Agents, what they can do, and the digest that their phones register with.

-- +goose Up
CREATE TABLE IF NOT EXISTS agents (
    pool         VARCHAR(32)  NOT NULL
        COMMENT 'Pool of the agent (pools.name). Cannot be changed.',
    id           VARCHAR(32)  NOT NULL
        COMMENT 'SIP user part that the agent''s phones register as, e.g. 201: A-Z a-z 0-9 . _ @ + -. Cannot be changed.',
    name         VARCHAR(100) NOT NULL DEFAULT ''
        COMMENT 'Name of the person, for people: any text. No effect on calls.',
    capacity     INT          NOT NULL DEFAULT 1
        COMMENT 'How many calls the agent is given at one time: 1..16.',
    wrap_up      INT          NULL
        COMMENT 'Seconds of wrap-up after each call, 0..3600, instead of the queue''s own (queues.wrap_up). NULL: the queue decides.',
    always_in    INT          NOT NULL DEFAULT 0
        COMMENT '1: an extension, not a person: always logged in, called only by queues that list it in queue_members (a ring group). 0: a person who logs in. Cannot be changed.',
    enabled      INT          NOT NULL DEFAULT 1
        COMMENT '1: may register, log in and be called. 0: as if deleted, but kept.',
    sip_password VARCHAR(128) NULL
        COMMENT 'Write-only. What is written here, 8..128 characters, sets the agent''s SIP password: it becomes ha1, and this column NULL again. Example: UPDATE agents SET sip_password = ''...'' WHERE pool = ''demo'' AND id = ''201'';',
    ha1          CHAR(32)     NULL
        COMMENT 'Digest that Kamailio checks: MD5 of id:sip_domain:password, 32 hex digits in lower case. Set by sip_password, or directly when moving from another system. NULL: cannot register.',
    PRIMARY KEY (pool, id),
    CONSTRAINT agents_pool FOREIGN KEY (pool) REFERENCES pools (name) ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT agents_id_characters CHECK (id <> '' AND NOT id REGEXP '[^A-Za-z0-9._@+-]|^[._@+-]'),
    CONSTRAINT agents_capacity_1_to_16 CHECK (capacity BETWEEN 1 AND 16),
    CONSTRAINT agents_wrap_up_0_to_3600 CHECK (wrap_up BETWEEN 0 AND 3600),
    CONSTRAINT agents_always_in_0_or_1 CHECK (always_in IN (0, 1)),
    CONSTRAINT agents_enabled_0_or_1 CHECK (enabled IN (0, 1)),
    CONSTRAINT agents_sip_password_is_never_stored CHECK (sip_password IS NULL),
    CONSTRAINT agents_ha1_32_hex_digits CHECK (CHAR_LENGTH(ha1) = 32 AND NOT ha1 REGEXP '[^0-9a-f]')
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
  COMMENT = 'People who take calls, and extensions that ring groups call. An agent with three phones is one row: all register as its id.';

CREATE TABLE IF NOT EXISTS agent_skills (
    pool  VARCHAR(32) NOT NULL
        COMMENT 'Pool of the agent and the skill (pools.name).',
    agent VARCHAR(32) NOT NULL
        COMMENT 'Who has the skill (agents.id).',
    skill VARCHAR(64) NOT NULL
        COMMENT 'Which skill (skills.name).',
    level INT         NOT NULL DEFAULT 5
        COMMENT 'How well: 1 (a little) .. 10 (best). A need asks for a lowest level.',
    PRIMARY KEY (pool, agent, skill),
    KEY agent_skills_by_skill (pool, skill),
    CONSTRAINT agent_skills_agent FOREIGN KEY (pool, agent) REFERENCES agents (pool, id) ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT agent_skills_skill FOREIGN KEY (pool, skill) REFERENCES skills (pool, name) ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT agent_skills_level_1_to_10 CHECK (level BETWEEN 1 AND 10)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
  COMMENT = 'Who can do what, and how well. A new row makes the agent available to the waiting callers who need it, within 2 seconds.';

DROP FUNCTION IF EXISTS sip_ha1;
-- +goose StatementBegin
CREATE FUNCTION sip_ha1(
    user_part  VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    sip_domain VARCHAR(100) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    password   VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin)
    RETURNS CHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin
    COMMENT 'MD5 of user:domain:password as SIP digest authentication wants it (RFC 1321, RFC 3261 22.4). MySQL 9.6 and later have MD5() only with a component installed.'
    DETERMINISTIC NO SQL
BEGIN
    DECLARE mask BIGINT UNSIGNED DEFAULT 4294967295;
    DECLARE message VARBINARY(2048);
    DECLARE block VARBINARY(64);
    DECLARE a0, b0, c0, d0, a, b, c, d, f, t BIGINT UNSIGNED;
    DECLARE size, start, i, g, s INT;

    SET message = CAST(CONCAT(user_part, ':', sip_domain, ':', password) AS BINARY);
    SET size = LENGTH(message);
    -- 0x80, zeros up to 56 modulo 64, the length in bits as 8 bytes, lowest
    -- first; 2048 bytes at most, so two of the eight carry it.
    SET message = CONCAT(message, UNHEX('80'), REPEAT(UNHEX('00'), (119 - size % 64) % 64),
        UNHEX(LPAD(HEX((size * 8) & 255), 2, '0')), UNHEX(LPAD(HEX((size * 8) >> 8), 2, '0')),
        REPEAT(UNHEX('00'), 6));
    SET a0 = 1732584193, b0 = 4023233417, c0 = 2562383102, d0 = 271733878, start = 0;

    WHILE start < LENGTH(message) DO
        SET block = SUBSTRING(message, start + 1, 64);
        SET a = a0, b = b0, c = c0, d = d0, i = 0;
        WHILE i < 64 DO
            IF i < 16 THEN
                SET f = (b & c) | ((b ^ mask) & d), g = i, s = ELT(i % 4 + 1, 7, 12, 17, 22);
            ELSEIF i < 32 THEN
                SET f = (d & b) | ((d ^ mask) & c), g = (5 * i + 1) % 16, s = ELT(i % 4 + 1, 5, 9, 14, 20);
            ELSEIF i < 48 THEN
                SET f = b ^ c ^ d, g = (3 * i + 5) % 16, s = ELT(i % 4 + 1, 4, 11, 16, 23);
            ELSE
                SET f = c ^ (b | (d ^ mask)), g = (7 * i) % 16, s = ELT(i % 4 + 1, 6, 10, 15, 21);
            END IF;
            SET t = (f + a + FLOOR(4294967296 * ABS(SIN(i + 1)))
                + ASCII(SUBSTRING(block, g * 4 + 1, 1))
                + (ASCII(SUBSTRING(block, g * 4 + 2, 1)) << 8)
                + (ASCII(SUBSTRING(block, g * 4 + 3, 1)) << 16)
                + (ASCII(SUBSTRING(block, g * 4 + 4, 1)) << 24)) & mask;
            SET a = d, d = c, c = b;
            SET b = (b + ((t << s) & mask) + (t >> (32 - s))) & mask;
            SET i = i + 1;
        END WHILE;
        SET a0 = (a0 + a) & mask, b0 = (b0 + b) & mask, c0 = (c0 + c) & mask, d0 = (d0 + d) & mask;
        SET start = start + 64;
    END WHILE;

    RETURN LOWER(CONCAT(
        HEX(REVERSE(UNHEX(LPAD(HEX(a0), 8, '0')))), HEX(REVERSE(UNHEX(LPAD(HEX(b0), 8, '0')))),
        HEX(REVERSE(UNHEX(LPAD(HEX(c0), 8, '0')))), HEX(REVERSE(UNHEX(LPAD(HEX(d0), 8, '0'))))));
END;
-- +goose StatementEnd

DROP PROCEDURE IF EXISTS check_agent;
-- +goose StatementBegin
CREATE PROCEDURE check_agent(
    a_pool   VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    an_id    VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    capacity INT, wrap_up INT, always_in INT, enabled INT,
    password VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    ha1      VARCHAR(32)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin)
    COMMENT 'The rules of one row of agents.'
    READS SQL DATA
BEGIN
    CALL must_be_pool('agents.pool', a_pool);
    CALL check_name('agents.id', an_id);
    CALL check_range('agents.capacity', capacity, 1, 16, ' calls at one time');
    CALL check_range('agents.wrap_up', wrap_up, 0, 3600, ' seconds, or NULL for the queue''s');
    CALL check_flag('agents.always_in', always_in);
    CALL check_flag('agents.enabled', enabled);
    IF CHAR_LENGTH(password) < 8 THEN
        CALL refuse('agents.sip_password', '***', 'too short: give 8..128 characters');
    END IF;
    IF CHAR_LENGTH(ha1) <> 32 OR ha1 REGEXP '[^0-9a-f]' THEN
        CALL refuse('agents.ha1', ha1, 'give 32 hex digits in lower case, or set sip_password');
    END IF;
END;
-- +goose StatementEnd

DROP PROCEDURE IF EXISTS must_be_agent;
-- +goose StatementBegin
CREATE PROCEDURE must_be_agent(
    field    VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    a_pool   VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    an_agent VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin)
    COMMENT 'Refuses a reference to an agent whom the pool does not have.'
    READS SQL DATA
BEGIN
    IF NOT EXISTS (SELECT 1 FROM agents WHERE pool = a_pool AND id = an_agent) THEN
        CALL refuse(field, an_agent, CONCAT('no such agent in pool ''', a_pool, ''': INSERT it into agents'));
    END IF;
END;
-- +goose StatementEnd

DROP TRIGGER IF EXISTS agents_before_insert;
-- +goose StatementBegin
CREATE TRIGGER agents_before_insert BEFORE INSERT ON agents FOR EACH ROW
BEGIN
    CALL check_agent(NEW.pool, NEW.id, NEW.capacity, NEW.wrap_up, NEW.always_in, NEW.enabled, NEW.sip_password, NEW.ha1);
    IF NEW.sip_password IS NOT NULL THEN
        SET NEW.ha1 = sip_ha1(NEW.id, (SELECT sip_domain FROM pools WHERE name = NEW.pool), NEW.sip_password);
        SET NEW.sip_password = NULL;
    END IF;
END;
-- +goose StatementEnd

DROP TRIGGER IF EXISTS agents_before_update;
-- +goose StatementBegin
CREATE TRIGGER agents_before_update BEFORE UPDATE ON agents FOR EACH ROW
BEGIN
    CALL check_same('agents.pool', OLD.pool, NEW.pool);
    CALL check_same('agents.id', OLD.id, NEW.id);
    CALL check_same('agents.always_in', OLD.always_in, NEW.always_in);
    CALL check_agent(NEW.pool, NEW.id, NEW.capacity, NEW.wrap_up, NEW.always_in, NEW.enabled, NEW.sip_password, NEW.ha1);
    IF NEW.sip_password IS NOT NULL THEN
        SET NEW.ha1 = sip_ha1(NEW.id, (SELECT sip_domain FROM pools WHERE name = NEW.pool), NEW.sip_password);
        SET NEW.sip_password = NULL;
    END IF;
END;
-- +goose StatementEnd

DROP TRIGGER IF EXISTS agents_before_delete;
-- +goose StatementBegin
CREATE TRIGGER agents_before_delete BEFORE DELETE ON agents FOR EACH ROW
BEGIN
    IF EXISTS (SELECT 1 FROM queue_members WHERE pool = OLD.pool AND agent = OLD.id) THEN
        CALL refuse('agents.id', OLD.id, 'still a member of queues: DELETE it from queue_members first');
    ELSEIF EXISTS (SELECT 1 FROM agent_skills WHERE pool = OLD.pool AND agent = OLD.id) THEN
        CALL refuse('agents.id', OLD.id, 'still has skills: DELETE them from agent_skills first');
    END IF;
END;
-- +goose StatementEnd

DROP TRIGGER IF EXISTS agent_skills_before_insert;
-- +goose StatementBegin
CREATE TRIGGER agent_skills_before_insert BEFORE INSERT ON agent_skills FOR EACH ROW
BEGIN
    CALL must_be_pool('agent_skills.pool', NEW.pool);
    CALL must_be_agent('agent_skills.agent', NEW.pool, NEW.agent);
    CALL must_be_skill('agent_skills.skill', NEW.pool, NEW.skill);
    CALL check_range('agent_skills.level', NEW.level, 1, 10, ' (10 is best)');
END;
-- +goose StatementEnd

DROP TRIGGER IF EXISTS agent_skills_before_update;
-- +goose StatementBegin
CREATE TRIGGER agent_skills_before_update BEFORE UPDATE ON agent_skills FOR EACH ROW
BEGIN
    CALL must_be_pool('agent_skills.pool', NEW.pool);
    CALL must_be_agent('agent_skills.agent', NEW.pool, NEW.agent);
    CALL must_be_skill('agent_skills.skill', NEW.pool, NEW.skill);
    CALL check_range('agent_skills.level', NEW.level, 1, 10, ' (10 is best)');
END;
-- +goose StatementEnd

DROP TRIGGER IF EXISTS agents_after_insert;
CREATE TRIGGER agents_after_insert AFTER INSERT ON agents FOR EACH ROW CALL directory_changed();
DROP TRIGGER IF EXISTS agents_after_update;
CREATE TRIGGER agents_after_update AFTER UPDATE ON agents FOR EACH ROW CALL directory_changed();
DROP TRIGGER IF EXISTS agents_after_delete;
CREATE TRIGGER agents_after_delete AFTER DELETE ON agents FOR EACH ROW CALL directory_changed();
DROP TRIGGER IF EXISTS agent_skills_after_insert;
CREATE TRIGGER agent_skills_after_insert AFTER INSERT ON agent_skills FOR EACH ROW CALL directory_changed();
DROP TRIGGER IF EXISTS agent_skills_after_update;
CREATE TRIGGER agent_skills_after_update AFTER UPDATE ON agent_skills FOR EACH ROW CALL directory_changed();
DROP TRIGGER IF EXISTS agent_skills_after_delete;
CREATE TRIGGER agent_skills_after_delete AFTER DELETE ON agent_skills FOR EACH ROW CALL directory_changed();
