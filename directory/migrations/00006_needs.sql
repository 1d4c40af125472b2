-- What a waiting caller requires of an agent, and how that relaxes.
-- The agents of step k+1 include those of step k: a step may ask for less
-- than the one before it, never for more, and the triggers see to that.

-- +goose Up
CREATE TABLE IF NOT EXISTS needs (
    id    INT          NOT NULL AUTO_INCREMENT
        COMMENT 'Number of the need, 1..99999999, given by the database; Redis refers to it. Leave it out of an INSERT.',
    pool  VARCHAR(32)  NOT NULL
        COMMENT 'Pool of the queue (pools.name). Cannot be changed.',
    queue VARCHAR(80)  NOT NULL
        COMMENT 'Queue of the need (queues.name). Cannot be changed.',
    name  VARCHAR(80)  NOT NULL
        COMMENT 'Name that the dialplan gives as need=: A-Z a-z 0-9 . _ @ + -. The need default is for callers without one; each queue has it. Cannot be changed.',
    title VARCHAR(100) NOT NULL DEFAULT ''
        COMMENT 'Name for people: any text. No effect on calls.',
    PRIMARY KEY (pool, queue, name),
    UNIQUE KEY needs_id (id),
    CONSTRAINT needs_queue FOREIGN KEY (pool, queue) REFERENCES queues (pool, name) ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT needs_name_characters CHECK (name <> '' AND NOT name REGEXP '[^A-Za-z0-9._@+-]|^[._@+-]')
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
  COMMENT = 'Kinds of callers of a queue, by what they require of an agent. An INSERT also makes step 0; a DELETE takes the steps with it.';

CREATE TABLE IF NOT EXISTS need_steps (
    pool         VARCHAR(32) NOT NULL
        COMMENT 'Pool of the queue (pools.name). Cannot be changed.',
    queue        VARCHAR(80) NOT NULL
        COMMENT 'Queue of the need (queues.name). Cannot be changed.',
    need         VARCHAR(80) NOT NULL
        COMMENT 'The need (needs.name). Cannot be changed.',
    step         INT         NOT NULL
        COMMENT '0 = from arrival, then 1, 2, .. 19 without a gap. Cannot be changed.',
    starts_after INT         NOT NULL
        COMMENT 'Seconds after the caller''s arrival from which this step holds: 0 for step 0, then 1..86400, each step later than the one before.',
    max_penalty  INT         NOT NULL DEFAULT 99
        COMMENT 'Agents up to this penalty (queue_members.penalty) serve: 0..99, not lower than in the step before.',
    PRIMARY KEY (pool, queue, need, step),
    CONSTRAINT need_steps_need FOREIGN KEY (pool, queue, need) REFERENCES needs (pool, queue, name) ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT need_steps_step_0_to_19 CHECK (step BETWEEN 0 AND 19),
    CONSTRAINT need_steps_starts_after_0_to_86400 CHECK (starts_after BETWEEN 0 AND 86400 AND (step = 0) = (starts_after = 0)),
    CONSTRAINT need_steps_max_penalty_0_to_99 CHECK (max_penalty BETWEEN 0 AND 99)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
  COMMENT = 'How a need relaxes as its caller waits. A new step begins with the skills of the step before: then lower their min_level or DELETE them in need_skills. Only the last step can be deleted, its skills go with it.';

CREATE TABLE IF NOT EXISTS need_skills (
    pool      VARCHAR(32) NOT NULL
        COMMENT 'Pool of the queue and the skill (pools.name). Cannot be changed.',
    queue     VARCHAR(80) NOT NULL
        COMMENT 'Queue of the need (queues.name). Cannot be changed.',
    need      VARCHAR(80) NOT NULL DEFAULT 'default'
        COMMENT 'The need (needs.name). Cannot be changed.',
    step      INT         NOT NULL DEFAULT 0
        COMMENT 'The step that requires the skill, 0..19 (need_steps.step). Cannot be changed.',
    skill     VARCHAR(64) NOT NULL
        COMMENT 'The skill an agent must have (skills.name); of several rows all must hold. Cannot be changed.',
    min_level INT         NOT NULL DEFAULT 1
        COMMENT 'Lowest level at which the agent must have it: 1..10, not higher than in the step before.',
    PRIMARY KEY (pool, queue, need, step, skill),
    KEY need_skills_by_skill (pool, skill),
    CONSTRAINT need_skills_step FOREIGN KEY (pool, queue, need, step) REFERENCES need_steps (pool, queue, need, step) ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT need_skills_skill FOREIGN KEY (pool, skill) REFERENCES skills (pool, name) ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT need_skills_min_level_1_to_10 CHECK (min_level BETWEEN 1 AND 10)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
  COMMENT = 'The skills that a step of a need requires, all of them. A step without rows is served by every agent whom queues.membership admits.';

DROP TRIGGER IF EXISTS needs_before_insert;
-- +goose StatementBegin
CREATE TRIGGER needs_before_insert BEFORE INSERT ON needs FOR EACH ROW
BEGIN
    CALL must_be_pool('needs.pool', NEW.pool);
    CALL must_be_queue('needs.queue', NEW.pool, NEW.queue);
    CALL check_name('needs.name', NEW.name);
END;
-- +goose StatementEnd

DROP TRIGGER IF EXISTS needs_before_update;
-- +goose StatementBegin
CREATE TRIGGER needs_before_update BEFORE UPDATE ON needs FOR EACH ROW
BEGIN
    CALL check_same('needs.pool', OLD.pool, NEW.pool);
    CALL check_same('needs.queue', OLD.queue, NEW.queue);
    CALL check_same('needs.name', OLD.name, NEW.name);
    CALL check_same('needs.id', OLD.id, NEW.id);
END;
-- +goose StatementEnd

DROP TRIGGER IF EXISTS needs_before_delete;
-- +goose StatementBegin
CREATE TRIGGER needs_before_delete BEFORE DELETE ON needs FOR EACH ROW
BEGIN
    IF OLD.name = 'default' AND NOT (@holdline_queue_going <=> CONCAT_WS('/', OLD.pool, OLD.queue)) THEN
        CALL refuse('needs.name', OLD.name, 'each queue keeps this need; DELETE its other steps or skills');
    END IF;
    SET @holdline_need_going = CONCAT_WS('/', OLD.pool, OLD.queue, OLD.name);
    DELETE FROM need_steps WHERE pool = OLD.pool AND queue = OLD.queue AND need = OLD.name ORDER BY step DESC;
    SET @holdline_need_going = NULL;
END;
-- +goose StatementEnd

DROP PROCEDURE IF EXISTS check_need_step;
-- +goose StatementBegin
CREATE PROCEDURE check_need_step(
    a_pool  VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    a_queue VARCHAR(80) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    a_need  VARCHAR(80) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    a_step INT, after_s INT, penalty INT)
    COMMENT 'The rules of one row of need_steps, also against the steps beside it.'
    READS SQL DATA
BEGIN
    DECLARE before_after, before_penalty, next_after, next_penalty INT;
    CALL check_range('need_steps.step', a_step, 0, 19, '');
    CALL check_range('need_steps.starts_after', after_s, 0, 86400, ' seconds');
    CALL check_range('need_steps.max_penalty', penalty, 0, 99, '');
    IF a_step = 0 AND after_s <> 0 THEN
        CALL refuse('need_steps.starts_after', after_s, 'step 0 begins at arrival: give 0');
    END IF;
    IF a_step > 0 THEN
        SELECT MAX(starts_after), MAX(max_penalty) INTO before_after, before_penalty
            FROM need_steps WHERE pool = a_pool AND queue = a_queue AND need = a_need AND step = a_step - 1;
        IF before_after IS NULL THEN
            CALL refuse('need_steps.step', a_step, CONCAT('there is no step ', a_step - 1, ': steps have no gaps'));
        ELSEIF after_s <= before_after THEN
            CALL refuse('need_steps.starts_after', after_s,
                CONCAT('step ', a_step - 1, ' starts after ', before_after, ': give more'));
        ELSEIF penalty < before_penalty THEN
            CALL refuse('need_steps.max_penalty', penalty,
                CONCAT('step ', a_step - 1, ' admits ', before_penalty, ', and steps only widen: give as much'));
        END IF;
    END IF;
    SELECT MAX(starts_after), MAX(max_penalty) INTO next_after, next_penalty
        FROM need_steps WHERE pool = a_pool AND queue = a_queue AND need = a_need AND step = a_step + 1;
    IF after_s >= next_after THEN
        CALL refuse('need_steps.starts_after', after_s,
            CONCAT('step ', a_step + 1, ' starts after ', next_after, ': give less'));
    ELSEIF penalty > next_penalty THEN
        CALL refuse('need_steps.max_penalty', penalty,
            CONCAT('step ', a_step + 1, ' admits only ', next_penalty, ': raise it there first'));
    END IF;
END;
-- +goose StatementEnd

DROP TRIGGER IF EXISTS need_steps_before_insert;
-- +goose StatementBegin
CREATE TRIGGER need_steps_before_insert BEFORE INSERT ON need_steps FOR EACH ROW
BEGIN
    CALL must_be_pool('need_steps.pool', NEW.pool);
    CALL must_be_queue('need_steps.queue', NEW.pool, NEW.queue);
    IF NOT EXISTS (SELECT 1 FROM needs WHERE pool = NEW.pool AND queue = NEW.queue AND name = NEW.need) THEN
        CALL refuse('need_steps.need', NEW.need, CONCAT('no such need of queue ''', LEFT(NEW.queue, 24), ''': INSERT it into needs'));
    END IF;
    CALL check_need_step(NEW.pool, NEW.queue, NEW.need, NEW.step, NEW.starts_after, NEW.max_penalty);
END;
-- +goose StatementEnd

DROP TRIGGER IF EXISTS need_steps_before_update;
-- +goose StatementBegin
CREATE TRIGGER need_steps_before_update BEFORE UPDATE ON need_steps FOR EACH ROW
BEGIN
    CALL check_same('need_steps.pool', OLD.pool, NEW.pool);
    CALL check_same('need_steps.queue', OLD.queue, NEW.queue);
    CALL check_same('need_steps.need', OLD.need, NEW.need);
    CALL check_same('need_steps.step', OLD.step, NEW.step);
    CALL check_need_step(NEW.pool, NEW.queue, NEW.need, NEW.step, NEW.starts_after, NEW.max_penalty);
END;
-- +goose StatementEnd

DROP TRIGGER IF EXISTS need_steps_before_delete;
-- +goose StatementBegin
CREATE TRIGGER need_steps_before_delete BEFORE DELETE ON need_steps FOR EACH ROW
BEGIN
    IF OLD.step = 0 AND NOT (@holdline_need_going <=> CONCAT_WS('/', OLD.pool, OLD.queue, OLD.need)) THEN
        CALL refuse('need_steps.step', OLD.step, 'each need keeps step 0; DELETE the need itself in needs');
    ELSEIF EXISTS (SELECT 1 FROM need_steps WHERE pool = OLD.pool AND queue = OLD.queue AND need = OLD.need AND step = OLD.step + 1) THEN
        CALL refuse('need_steps.step', OLD.step, CONCAT('DELETE step ', OLD.step + 1, ' first (ORDER BY step DESC): steps have no gaps'));
    END IF;
    DELETE FROM need_skills WHERE pool = OLD.pool AND queue = OLD.queue AND need = OLD.need AND step = OLD.step;
END;
-- +goose StatementEnd

DROP TRIGGER IF EXISTS need_skills_before_insert;
-- +goose StatementBegin
CREATE TRIGGER need_skills_before_insert BEFORE INSERT ON need_skills FOR EACH ROW
BEGIN
    DECLARE before_level INT;
    CALL must_be_pool('need_skills.pool', NEW.pool);
    CALL must_be_queue('need_skills.queue', NEW.pool, NEW.queue);
    IF NOT EXISTS (SELECT 1 FROM needs WHERE pool = NEW.pool AND queue = NEW.queue AND name = NEW.need) THEN
        CALL refuse('need_skills.need', NEW.need, CONCAT('no such need of queue ''', LEFT(NEW.queue, 24), ''': INSERT it into needs'));
    END IF;
    IF NOT EXISTS (SELECT 1 FROM need_steps WHERE pool = NEW.pool AND queue = NEW.queue AND need = NEW.need AND step = NEW.step) THEN
        CALL refuse('need_skills.step', NEW.step, 'no such step of the need: INSERT it into need_steps');
    END IF;
    CALL must_be_skill('need_skills.skill', NEW.pool, NEW.skill);
    CALL check_range('need_skills.min_level', NEW.min_level, 1, 10, ' (10 is best)');
    IF NEW.step > 0 THEN
        SELECT MAX(min_level) INTO before_level FROM need_skills
            WHERE pool = NEW.pool AND queue = NEW.queue AND need = NEW.need AND step = NEW.step - 1 AND skill = NEW.skill;
        IF before_level IS NULL THEN
            CALL refuse('need_skills.skill', NEW.skill, CONCAT('step ', NEW.step - 1, ' does not require it, and steps only relax'));
        ELSEIF NEW.min_level > before_level THEN
            CALL refuse('need_skills.min_level', NEW.min_level, CONCAT('step ', NEW.step - 1, ' requires only ', before_level, ', and steps only relax'));
        END IF;
    END IF;
END;
-- +goose StatementEnd

DROP TRIGGER IF EXISTS need_skills_before_update;
-- +goose StatementBegin
CREATE TRIGGER need_skills_before_update BEFORE UPDATE ON need_skills FOR EACH ROW
BEGIN
    DECLARE before_level, next_level INT;
    CALL check_same('need_skills.pool', OLD.pool, NEW.pool);
    CALL check_same('need_skills.queue', OLD.queue, NEW.queue);
    CALL check_same('need_skills.need', OLD.need, NEW.need);
    CALL check_same('need_skills.step', OLD.step, NEW.step);
    CALL check_same('need_skills.skill', OLD.skill, NEW.skill);
    CALL check_range('need_skills.min_level', NEW.min_level, 1, 10, ' (10 is best)');
    SELECT MAX(IF(step = NEW.step - 1, min_level, NULL)), MAX(IF(step = NEW.step + 1, min_level, NULL))
        INTO before_level, next_level FROM need_skills
        WHERE pool = NEW.pool AND queue = NEW.queue AND need = NEW.need AND skill = NEW.skill;
    IF NEW.min_level > before_level THEN
        CALL refuse('need_skills.min_level', NEW.min_level, CONCAT('step ', NEW.step - 1, ' requires only ', before_level, ', and steps only relax'));
    ELSEIF NEW.min_level < next_level THEN
        CALL refuse('need_skills.min_level', NEW.min_level, CONCAT('step ', NEW.step + 1, ' requires ', next_level, ': lower it there first'));
    END IF;
END;
-- +goose StatementEnd

DROP TRIGGER IF EXISTS need_skills_before_delete;
-- +goose StatementBegin
CREATE TRIGGER need_skills_before_delete BEFORE DELETE ON need_skills FOR EACH ROW
BEGIN
    IF EXISTS (SELECT 1 FROM need_skills WHERE pool = OLD.pool AND queue = OLD.queue AND need = OLD.need
            AND step = OLD.step + 1 AND skill = OLD.skill) THEN
        CALL refuse('need_skills.skill', OLD.skill, CONCAT('step ', OLD.step + 1, ' requires it: DELETE there first (ORDER BY step DESC)'));
    END IF;
END;
-- +goose StatementEnd

DROP TRIGGER IF EXISTS needs_after_insert;
-- +goose StatementBegin
CREATE TRIGGER needs_after_insert AFTER INSERT ON needs FOR EACH ROW
BEGIN
    INSERT INTO need_steps (pool, queue, need, step, starts_after) VALUES (NEW.pool, NEW.queue, NEW.name, 0, 0);
    CALL directory_changed();
END;
-- +goose StatementEnd
DROP TRIGGER IF EXISTS needs_after_update;
CREATE TRIGGER needs_after_update AFTER UPDATE ON needs FOR EACH ROW CALL directory_changed();
DROP TRIGGER IF EXISTS needs_after_delete;
CREATE TRIGGER needs_after_delete AFTER DELETE ON needs FOR EACH ROW CALL directory_changed();
DROP TRIGGER IF EXISTS need_steps_after_insert;
-- +goose StatementBegin
CREATE TRIGGER need_steps_after_insert AFTER INSERT ON need_steps FOR EACH ROW
BEGIN
    -- Otherwise a new step would admit everybody until its skills are written.
    INSERT INTO need_skills (pool, queue, need, step, skill, min_level)
        SELECT pool, queue, need, NEW.step, skill, min_level FROM need_skills AS before_it
        WHERE pool = NEW.pool AND queue = NEW.queue AND need = NEW.need AND step = NEW.step - 1;
    CALL directory_changed();
END;
-- +goose StatementEnd
DROP TRIGGER IF EXISTS need_steps_after_update;
CREATE TRIGGER need_steps_after_update AFTER UPDATE ON need_steps FOR EACH ROW CALL directory_changed();
DROP TRIGGER IF EXISTS need_steps_after_delete;
CREATE TRIGGER need_steps_after_delete AFTER DELETE ON need_steps FOR EACH ROW CALL directory_changed();
DROP TRIGGER IF EXISTS need_skills_after_insert;
CREATE TRIGGER need_skills_after_insert AFTER INSERT ON need_skills FOR EACH ROW CALL directory_changed();
DROP TRIGGER IF EXISTS need_skills_after_update;
CREATE TRIGGER need_skills_after_update AFTER UPDATE ON need_skills FOR EACH ROW CALL directory_changed();
DROP TRIGGER IF EXISTS need_skills_after_delete;
CREATE TRIGGER need_skills_after_delete AFTER DELETE ON need_skills FOR EACH ROW CALL directory_changed();
