-- Who serves a queue by name, and in which order of preference.

-- +goose Up
CREATE TABLE IF NOT EXISTS queue_members (
    pool    VARCHAR(32) NOT NULL
        COMMENT 'Pool of the queue and the agent (pools.name).',
    queue   VARCHAR(80) NOT NULL
        COMMENT 'The queue or ring group (queues.name).',
    agent   VARCHAR(32) NOT NULL
        COMMENT 'The agent or extension (agents.id).',
    penalty INT         NOT NULL DEFAULT 0
        COMMENT '0..99: agents of a lower penalty are called first, those of a higher one when none of them is available. need_steps.max_penalty limits it.',
    PRIMARY KEY (pool, queue, agent),
    KEY queue_members_by_agent (pool, agent),
    CONSTRAINT queue_members_queue FOREIGN KEY (pool, queue) REFERENCES queues (pool, name) ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT queue_members_agent FOREIGN KEY (pool, agent) REFERENCES agents (pool, id) ON DELETE RESTRICT ON UPDATE RESTRICT,
    CONSTRAINT queue_members_penalty_0_to_99 CHECK (penalty BETWEEN 0 AND 99)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
  COMMENT = 'Agents of a queue by name. With queues.membership = members only these serve it (and must have the needed skills); with skills a row only sets the agent''s penalty. Extensions serve only the queues that list them here.';

DROP PROCEDURE IF EXISTS check_queue_member;
-- +goose StatementBegin
CREATE PROCEDURE check_queue_member(
    a_pool   VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    a_queue  VARCHAR(80) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    an_agent VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    penalty INT)
    COMMENT 'The rules of one row of queue_members.'
    READS SQL DATA
BEGIN
    CALL must_be_pool('queue_members.pool', a_pool);
    CALL must_be_queue('queue_members.queue', a_pool, a_queue);
    CALL must_be_agent('queue_members.agent', a_pool, an_agent);
    CALL check_range('queue_members.penalty', penalty, 0, 99, ' (0 is called first)');
    IF EXISTS (SELECT 1 FROM queues WHERE pool = a_pool AND name = a_queue AND ring_group = 1)
        AND EXISTS (SELECT 1 FROM agents WHERE pool = a_pool AND id = an_agent AND always_in = 0) THEN
        CALL refuse('queue_members.agent', an_agent, 'not an extension (agents.always_in = 1), as ring groups need');
    END IF;
END;
-- +goose StatementEnd

DROP TRIGGER IF EXISTS queue_members_before_insert;
-- +goose StatementBegin
CREATE TRIGGER queue_members_before_insert BEFORE INSERT ON queue_members FOR EACH ROW
    CALL check_queue_member(NEW.pool, NEW.queue, NEW.agent, NEW.penalty);
-- +goose StatementEnd

DROP TRIGGER IF EXISTS queue_members_before_update;
-- +goose StatementBegin
CREATE TRIGGER queue_members_before_update BEFORE UPDATE ON queue_members FOR EACH ROW
    CALL check_queue_member(NEW.pool, NEW.queue, NEW.agent, NEW.penalty);
-- +goose StatementEnd

DROP TRIGGER IF EXISTS queue_members_after_insert;
CREATE TRIGGER queue_members_after_insert AFTER INSERT ON queue_members FOR EACH ROW CALL directory_changed();
DROP TRIGGER IF EXISTS queue_members_after_update;
CREATE TRIGGER queue_members_after_update AFTER UPDATE ON queue_members FOR EACH ROW CALL directory_changed();
DROP TRIGGER IF EXISTS queue_members_after_delete;
CREATE TRIGGER queue_members_after_delete AFTER DELETE ON queue_members FOR EACH ROW CALL directory_changed();
