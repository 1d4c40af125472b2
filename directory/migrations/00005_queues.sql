-- Queues and ring groups with their settings.

-- +goose Up
CREATE TABLE IF NOT EXISTS queues (
    id             INT          NOT NULL AUTO_INCREMENT
        COMMENT 'Number of the queue, given by the database; reports refer to it. Leave it out of an INSERT.',
    pool           VARCHAR(32)  NOT NULL
        COMMENT 'Pool of the queue (pools.name). Cannot be changed.',
    name           VARCHAR(80)  NOT NULL
        COMMENT 'Name that the dialplan calls: QUEUE_NAME or <exten>@<context>, e.g. support or 600@demo; A-Z a-z 0-9 . _ @ + -. Cannot be changed.',
    title          VARCHAR(100) NOT NULL DEFAULT ''
        COMMENT 'Name for people: any text. No effect on calls.',
    open           INT          NOT NULL DEFAULT 1
        COMMENT '1: takes callers. 0: closed, new callers are refused (HOLDLINE_STATUS=REFUSED), those who wait stay and are served.',
    weight         INT          NOT NULL DEFAULT 0
        COMMENT 'For agents who serve several queues: the callers of the heavier queue first. 0..1000.',
    membership     VARCHAR(16)  NOT NULL DEFAULT 'members'
        COMMENT 'Who serves: members = the agents in queue_members who have the needed skills; skills = every agent of the pool who has the needed skills (with no skill in need_skills: everybody), queue_members then only sets penalties.',
    ring_group     INT          NOT NULL DEFAULT 0
        COMMENT '1: a ring group: its members are extensions (agents.always_in = 1), nobody logs in; needs membership members. 0: a queue of agents. Cannot be changed while it has members.',
    strategy       VARCHAR(32)  NOT NULL DEFAULT 'longest-available'
        COMMENT 'Which of the available agents is called: longest-available = who has been available longest. Lower penalties always go first.',
    timeout        INT          NOT NULL DEFAULT 300
        COMMENT 'Seconds a caller waits before the dialplan goes on with HOLDLINE_STATUS=TIMEOUT: 1..86400, 0 = no limit. A caller''s own timeout= in the dialplan goes first.',
    announce       INT          NOT NULL DEFAULT 30
        COMMENT 'Seconds between announcements of the position: 1..3600, 0 = none. A caller''s own announce= in the dialplan goes first.',
    announce_first INT          NOT NULL DEFAULT 3
        COMMENT 'Seconds from entering to the first announcement: 1..3600.',
    announce_min   INT          NOT NULL DEFAULT 15
        COMMENT 'Seconds at least between two announcements, also when the position improves: 1..3600.',
    ring_time      INT          NOT NULL DEFAULT 15
        COMMENT 'Seconds an agent''s phones ring before it counts as a miss and the next agent is called: 1..600.',
    retry          INT          NOT NULL DEFAULT 5
        COMMENT 'Seconds before an agent who missed a caller is offered the same caller again: 1..600.',
    wrap_up        INT          NOT NULL DEFAULT 5
        COMMENT 'Seconds after a call before the agent is ready again: 0..3600. agents.wrap_up goes first.',
    max_misses     INT          NOT NULL DEFAULT 3
        COMMENT 'Misses in a row after which the agent is not responding, and is called no more until un-paused or logged in anew: 1..100, 0 = never.',
    connect        VARCHAR(16)  NOT NULL DEFAULT 'bridge'
        COMMENT 'How caller and agent meet: bridge = Holdline rings the agent while the caller hears music; dialplan = the caller goes on in the dialplan, which dials the agent named in call_string.',
    music          VARCHAR(80)  NOT NULL DEFAULT 'default'
        COMMENT 'Music on hold class (musiconhold.conf) that waiting callers hear.',
    language       VARCHAR(16)  NOT NULL DEFAULT ''
        COMMENT 'Language of the announcements as Asterisk names it, e.g. en or de; empty = that of the caller''s channel.',
    PRIMARY KEY (pool, name),
    UNIQUE KEY queues_id (id),
    CONSTRAINT queues_pool FOREIGN KEY (pool) REFERENCES pools (name) ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT queues_name_characters CHECK (name <> '' AND NOT name REGEXP '[^A-Za-z0-9._@+-]|^[._@+-]'),
    CONSTRAINT queues_open_0_or_1 CHECK (open IN (0, 1)),
    CONSTRAINT queues_weight_0_to_1000 CHECK (weight BETWEEN 0 AND 1000),
    CONSTRAINT queues_membership_known CHECK (membership IN ('members', 'skills')),
    CONSTRAINT queues_ring_group_0_or_1 CHECK (ring_group IN (0, 1)),
    CONSTRAINT queues_ring_group_has_members CHECK (ring_group = 0 OR membership = 'members'),
    CONSTRAINT queues_strategy_known CHECK (strategy IN ('longest-available')),
    CONSTRAINT queues_timeout_0_to_86400 CHECK (timeout BETWEEN 0 AND 86400),
    CONSTRAINT queues_announce_0_to_3600 CHECK (announce BETWEEN 0 AND 3600),
    CONSTRAINT queues_announce_first_1_to_3600 CHECK (announce_first BETWEEN 1 AND 3600),
    CONSTRAINT queues_announce_min_1_to_3600 CHECK (announce_min BETWEEN 1 AND 3600),
    CONSTRAINT queues_ring_time_1_to_600 CHECK (ring_time BETWEEN 1 AND 600),
    CONSTRAINT queues_retry_1_to_600 CHECK (retry BETWEEN 1 AND 600),
    CONSTRAINT queues_wrap_up_0_to_3600 CHECK (wrap_up BETWEEN 0 AND 3600),
    CONSTRAINT queues_max_misses_0_to_100 CHECK (max_misses BETWEEN 0 AND 100),
    CONSTRAINT queues_connect_known CHECK (connect IN ('bridge', 'dialplan')),
    CONSTRAINT queues_music_characters CHECK (music <> '' AND NOT music REGEXP '[^A-Za-z0-9._-]'),
    CONSTRAINT queues_language_characters CHECK (NOT language REGEXP '[^A-Za-z0-9_-]')
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
  COMMENT = 'Named lines in which callers wait. An INSERT also makes the need default (step 0, no skills); a DELETE takes the needs with it. Changes reach waiting callers at their next announcement, offer or deadline.';

DROP PROCEDURE IF EXISTS check_queue;
-- +goose StatementBegin
CREATE PROCEDURE check_queue(
    a_pool     VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    name       VARCHAR(80) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    open INT, weight INT,
    membership VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    ring_group INT,
    strategy   VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    connect    VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    music      VARCHAR(80) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    language   VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin)
    COMMENT 'The rules of one row of queues, except its times.'
    READS SQL DATA
BEGIN
    CALL must_be_pool('queues.pool', a_pool);
    CALL check_name('queues.name', name);
    CALL check_flag('queues.open', open);
    CALL check_flag('queues.ring_group', ring_group);
    CALL check_range('queues.weight', weight, 0, 1000, '');
    IF membership NOT IN ('members', 'skills') THEN
        CALL refuse('queues.membership', membership, 'give members or skills');
    END IF;
    IF strategy NOT IN ('longest-available') THEN
        CALL refuse('queues.strategy', strategy, 'unknown: give longest-available');
    END IF;
    IF ring_group = 1 AND membership <> 'members' THEN
        CALL refuse('queues.membership', membership, 'a ring group (ring_group = 1) needs members');
    END IF;
    IF connect NOT IN ('bridge', 'dialplan') THEN
        CALL refuse('queues.connect', connect, 'give bridge or dialplan');
    END IF;
    IF music = '' OR music REGEXP '[^A-Za-z0-9._-]' THEN
        CALL refuse('queues.music', music, 'give a class of musiconhold.conf: A-Z a-z 0-9 . _ -');
    END IF;
    IF language REGEXP '[^A-Za-z0-9_-]' THEN
        CALL refuse('queues.language', language, 'give a language like en or de, or nothing');
    END IF;
END;
-- +goose StatementEnd

DROP PROCEDURE IF EXISTS check_queue_times;
-- +goose StatementBegin
CREATE PROCEDURE check_queue_times(
    timeout INT, announce INT, announce_first INT, announce_min INT,
    ring_time INT, retry INT, wrap_up INT, max_misses INT)
    COMMENT 'The rules of the times of one row of queues.'
    NO SQL
BEGIN
    CALL check_range('queues.timeout', timeout, 0, 86400, ' seconds, 0 = no limit');
    CALL check_range('queues.announce', announce, 0, 3600, ' seconds, 0 = none');
    CALL check_range('queues.announce_first', announce_first, 1, 3600, ' seconds');
    CALL check_range('queues.announce_min', announce_min, 1, 3600, ' seconds');
    CALL check_range('queues.ring_time', ring_time, 1, 600, ' seconds');
    CALL check_range('queues.retry', retry, 1, 600, ' seconds');
    CALL check_range('queues.wrap_up', wrap_up, 0, 3600, ' seconds');
    CALL check_range('queues.max_misses', max_misses, 0, 100, ' misses, 0 = never');
END;
-- +goose StatementEnd

DROP PROCEDURE IF EXISTS must_be_queue;
-- +goose StatementBegin
CREATE PROCEDURE must_be_queue(
    field   VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    a_pool  VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    a_queue VARCHAR(80) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin)
    COMMENT 'Refuses a reference to a queue that the pool does not have.'
    READS SQL DATA
BEGIN
    IF NOT EXISTS (SELECT 1 FROM queues WHERE pool = a_pool AND name = a_queue) THEN
        CALL refuse(field, a_queue, CONCAT('no such queue in pool ''', a_pool, ''': INSERT it into queues'));
    END IF;
END;
-- +goose StatementEnd

DROP TRIGGER IF EXISTS queues_before_insert;
-- +goose StatementBegin
CREATE TRIGGER queues_before_insert BEFORE INSERT ON queues FOR EACH ROW
BEGIN
    CALL check_queue(NEW.pool, NEW.name, NEW.open, NEW.weight, NEW.membership, NEW.ring_group,
        NEW.strategy, NEW.connect, NEW.music, NEW.language);
    CALL check_queue_times(NEW.timeout, NEW.announce, NEW.announce_first, NEW.announce_min,
        NEW.ring_time, NEW.retry, NEW.wrap_up, NEW.max_misses);
END;
-- +goose StatementEnd

DROP TRIGGER IF EXISTS queues_before_update;
-- +goose StatementBegin
CREATE TRIGGER queues_before_update BEFORE UPDATE ON queues FOR EACH ROW
BEGIN
    CALL check_same('queues.pool', OLD.pool, NEW.pool);
    CALL check_same('queues.name', OLD.name, NEW.name);
    CALL check_same('queues.id', OLD.id, NEW.id);
    IF NEW.ring_group <> OLD.ring_group
        AND EXISTS (SELECT 1 FROM queue_members WHERE pool = OLD.pool AND queue = OLD.name) THEN
        CALL refuse('queues.ring_group', NEW.ring_group, 'the queue has members: DELETE them from queue_members first');
    END IF;
    CALL check_queue(NEW.pool, NEW.name, NEW.open, NEW.weight, NEW.membership, NEW.ring_group,
        NEW.strategy, NEW.connect, NEW.music, NEW.language);
    CALL check_queue_times(NEW.timeout, NEW.announce, NEW.announce_first, NEW.announce_min,
        NEW.ring_time, NEW.retry, NEW.wrap_up, NEW.max_misses);
END;
-- +goose StatementEnd

DROP TRIGGER IF EXISTS queues_before_delete;
-- +goose StatementBegin
CREATE TRIGGER queues_before_delete BEFORE DELETE ON queues FOR EACH ROW
BEGIN
    IF EXISTS (SELECT 1 FROM queue_members WHERE pool = OLD.pool AND queue = OLD.name) THEN
        CALL refuse('queues.name', OLD.name, 'still has members: DELETE them from queue_members first');
    END IF;
    -- Needs are part of their queue. A DELETE of our own fires their triggers,
    -- which a cascading foreign key would not.
    SET @holdline_queue_going = CONCAT_WS('/', OLD.pool, OLD.name);
    DELETE FROM needs WHERE pool = OLD.pool AND queue = OLD.name;
    SET @holdline_queue_going = NULL;
END;
-- +goose StatementEnd

DROP TRIGGER IF EXISTS queues_after_insert;
-- +goose StatementBegin
CREATE TRIGGER queues_after_insert AFTER INSERT ON queues FOR EACH ROW
BEGIN
    INSERT INTO needs (pool, queue, name) VALUES (NEW.pool, NEW.name, 'default');
    CALL directory_changed();
END;
-- +goose StatementEnd
DROP TRIGGER IF EXISTS queues_after_update;
CREATE TRIGGER queues_after_update AFTER UPDATE ON queues FOR EACH ROW CALL directory_changed();
DROP TRIGGER IF EXISTS queues_after_delete;
CREATE TRIGGER queues_after_delete AFTER DELETE ON queues FOR EACH ROW CALL directory_changed();
