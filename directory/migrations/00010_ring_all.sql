-- The strategy ring-all. A ring group has no other, whatever its column says.

-- +goose Up
ALTER TABLE queues
    MODIFY COLUMN strategy VARCHAR(32) NOT NULL DEFAULT 'longest-available'
        COMMENT 'Which of the available agents is called: longest-available = who has been available longest; ring-all = all of them at once, 50 at most, the first to answer wins. Lower penalties always go first. A ring group (ring_group = 1) always rings all.',
    DROP CONSTRAINT queues_strategy_known,
    ADD CONSTRAINT queues_strategy_known CHECK (strategy IN ('longest-available', 'ring-all'));

-- Edits of queues fail in the moment in which it is not there.
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
    IF strategy NOT IN ('longest-available', 'ring-all') THEN
        CALL refuse('queues.strategy', strategy, 'unknown: give longest-available or ring-all');
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
