-- What a caller and an agent get back after a loss: the place of a call whose
-- Asterisk died, and the mode in which the agent was when Redis was emptied.

-- +goose Up
DROP PROCEDURE IF EXISTS add_queues_redial_s;
-- +goose StatementBegin
CREATE PROCEDURE add_queues_redial_s()
    COMMENT 'Adds the column once: MySQL has no ADD COLUMN IF NOT EXISTS.'
    MODIFIES SQL DATA
BEGIN
    IF NOT EXISTS (SELECT 1 FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'queues' AND column_name = 'redial_s') THEN
        ALTER TABLE queues
            ADD COLUMN redial_s INT NOT NULL DEFAULT 300
                COMMENT 'Seconds in which a caller whose Asterisk died gets the old place back by calling the queue again from the same number: 1..86400, 0 = never.'
                AFTER wrap_up,
            ADD CONSTRAINT queues_redial_s_0_to_86400 CHECK (redial_s BETWEEN 0 AND 86400);
    END IF;
END;
-- +goose StatementEnd
CALL add_queues_redial_s();
DROP PROCEDURE add_queues_redial_s;

-- Triggers of their own, behind those of 00005: a trigger that is dropped to be
-- written anew lets edits pass unchecked meanwhile.
DROP TRIGGER IF EXISTS queues_before_insert_redial;
CREATE TRIGGER queues_before_insert_redial BEFORE INSERT ON queues FOR EACH ROW FOLLOWS queues_before_insert
    CALL check_range('queues.redial_s', NEW.redial_s, 0, 86400, ' seconds, 0 = never');
DROP TRIGGER IF EXISTS queues_before_update_redial;
CREATE TRIGGER queues_before_update_redial BEFORE UPDATE ON queues FOR EACH ROW FOLLOWS queues_before_update
    CALL check_range('queues.redial_s', NEW.redial_s, 0, 86400, ' seconds, 0 = never');

CREATE TABLE IF NOT EXISTS agent_modes (
    pool    VARCHAR(32)  NOT NULL
        COMMENT 'Pool of the agent (pools.name).',
    agent   VARCHAR(80)  NOT NULL
        COMMENT 'Whose mode it is (agents.id).',
    mode    VARCHAR(16)  NOT NULL
        COMMENT 'What the agent did last: ready (also in wrap-up), paused, not_responding, logged_out.',
    reason  VARCHAR(255) NOT NULL DEFAULT ''
        COMMENT 'Why, in the words of whoever changed it; any text.',
    since   DATETIME(6)  NOT NULL
        COMMENT 'When the mode began, UTC. A row with an earlier time never replaces one with a later.',
    ends_at DATETIME(6)  NULL
        COMMENT 'When a pause ends by itself, UTC. NULL: when somebody ends it.',
    PRIMARY KEY (pool, agent),
    CONSTRAINT agent_modes_mode_known CHECK (mode IN ('ready', 'paused', 'not_responding', 'logged_out'))
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
  COMMENT = 'Kept by callmanager, nothing to edit: the modes that agents get back when Redis has lost its memory. Rows of agents who are no more do nothing.';
