-- Who is asked, which caller comes first, and when a queue takes nobody: the settings of
-- matching (docs/matching.md). The columns begin with what was so without them.

-- +goose Up
DROP PROCEDURE IF EXISTS add_pools_matching;
-- +goose StatementBegin
CREATE PROCEDURE add_pools_matching()
    COMMENT 'Adds the columns once: MySQL has no ADD COLUMN IF NOT EXISTS.'
    MODIFIES SQL DATA
BEGIN
    IF NOT EXISTS (SELECT 1 FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'pools' AND column_name = 'contact_order') THEN
        ALTER TABLE pools
            ADD COLUMN priority VARCHAR(16) NOT NULL DEFAULT 'credit'
                COMMENT 'What a caller''s priority (priority= in the dialplan) is: credit = so many minutes count as waited, and nobody starves; strict = before all callers of a lower one, however long those have waited.',
            ADD COLUMN contact_order VARCHAR(16) NOT NULL DEFAULT 'arrival'
                COMMENT 'Which caller comes first of all whom an agent serves: arrival = who came first, less their credit; service-level = who has waited the greatest part of their queue''s target (queues.target).',
            ADD COLUMN pause_keeps INT NOT NULL DEFAULT 0
                COMMENT '1: a pause neither counts for how long an agent has been available nor begins it anew. 0: it begins anew after a pause.',
            ADD CONSTRAINT pools_priority_known CHECK (priority IN ('credit', 'strict')),
            ADD CONSTRAINT pools_contact_order_known CHECK (contact_order IN ('arrival', 'service-level')),
            ADD CONSTRAINT pools_pause_keeps_0_or_1 CHECK (pause_keeps IN (0, 1));
    END IF;
END;
-- +goose StatementEnd
CALL add_pools_matching();
DROP PROCEDURE add_pools_matching;

DROP PROCEDURE IF EXISTS add_queues_matching;
-- +goose StatementBegin
CREATE PROCEDURE add_queues_matching()
    COMMENT 'Adds the columns once: MySQL has no ADD COLUMN IF NOT EXISTS.'
    MODIFIES SQL DATA
BEGIN
    IF NOT EXISTS (SELECT 1 FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'queues' AND column_name = 'medium') THEN
        ALTER TABLE queues
            ADD COLUMN medium VARCHAR(16) NOT NULL DEFAULT 'voice'
                COMMENT 'What waits here: voice = calls, chat = chats. An agent has a capacity for each (agents.capacity, agents.chat_capacity).'
                AFTER ring_group,
            ADD COLUMN ring_most INT NOT NULL DEFAULT 50
                COMMENT 'How many agents ring-all and ring groups ring at one time, at most: 1..50.'
                AFTER strategy,
            ADD COLUMN target INT NOT NULL DEFAULT 20
                COMMENT 'Seconds within which a caller is to be answered (app_queue: servicelevel): 1..86400. Callers are ordered by it where pools.contact_order is service-level.'
                AFTER ring_most,
            ADD COLUMN max_waiting INT NOT NULL DEFAULT 0
                COMMENT 'How many callers may wait (app_queue: maxlen): 1..1000000, 0 = no bound. One more goes to overflow_to, or on in the dialplan with HOLDLINE_STATUS=REFUSED and HOLDLINE_REASON=full.',
            ADD COLUMN join_empty VARCHAR(64) NOT NULL DEFAULT ''
                COMMENT 'States in which an agent does not count, with commas: logged_out (never counts, whatever is given), paused, wrap_up, not_responding, busy (in a call, ringing, out of reach), later (admitted by a later step only). When nobody counts a new caller goes to overflow_to, or on in the dialplan with HOLDLINE_STATUS=REFUSED and HOLDLINE_REASON=empty. Nothing = everybody may enter. Example: paused,not_responding',
            ADD COLUMN leave_empty VARCHAR(64) NOT NULL DEFAULT ''
                COMMENT 'The same words as in join_empty (app_queue: leavewhenempty). When nobody counts those who wait leave, with HOLDLINE_STATUS=WITHDRAWN and HOLDLINE_REASON=empty. Nothing = they stay.',
            ADD COLUMN overflow_to VARCHAR(80) NULL
                COMMENT 'Another queue of the pool and the medium (queues.name), which takes whom this one refuses and, after overflow_after, who still waits; they keep their place by arrival. NULL = none.',
            ADD COLUMN overflow_after INT NOT NULL DEFAULT 0
                COMMENT 'Seconds of waiting after which a caller goes on to overflow_to or, without one, on in the dialplan with HOLDLINE_STATUS=OVERFLOW: 1..86400, 0 = never.',
            ADD COLUMN exit_keys VARCHAR(16) NOT NULL DEFAULT ''
                COMMENT 'Keys by which a waiting caller leaves, with HOLDLINE_STATUS=LEFT_BY_KEY and the key in HOLDLINE_KEY: of 0-9 * # A-D, e.g. 0 or *#. Nothing = none.',
            ADD COLUMN credit_returned INT NOT NULL DEFAULT 0
                COMMENT 'Seconds that count as waited for a caller who comes back because their agent was lost: 0..86400.',
            ADD COLUMN credit_moved INT NOT NULL DEFAULT 0
                COMMENT 'Seconds that count as waited for a caller who comes from another queue: 0..86400.',
            ADD COLUMN credit_redialled INT NOT NULL DEFAULT 0
                COMMENT 'Seconds that count as waited for a caller who calls again after their Asterisk died (redial_s): 0..86400.',
            ADD CONSTRAINT queues_medium_known CHECK (medium IN ('voice', 'chat')),
            ADD CONSTRAINT queues_ring_group_rings_phones CHECK (ring_group = 0 OR medium = 'voice'),
            ADD CONSTRAINT queues_ring_most_1_to_50 CHECK (ring_most BETWEEN 1 AND 50),
            ADD CONSTRAINT queues_target_1_to_86400 CHECK (target BETWEEN 1 AND 86400),
            ADD CONSTRAINT queues_max_waiting_0_to_1000000 CHECK (max_waiting BETWEEN 0 AND 1000000),
            ADD CONSTRAINT queues_join_empty_words CHECK (join_empty REGEXP '^((logged_out|paused|wrap_up|not_responding|busy|later)(,(logged_out|paused|wrap_up|not_responding|busy|later))*)?\\z'),
            ADD CONSTRAINT queues_leave_empty_words CHECK (leave_empty REGEXP '^((logged_out|paused|wrap_up|not_responding|busy|later)(,(logged_out|paused|wrap_up|not_responding|busy|later))*)?\\z'),
            ADD CONSTRAINT queues_overflow_to FOREIGN KEY (pool, overflow_to) REFERENCES queues (pool, name) ON DELETE RESTRICT ON UPDATE RESTRICT,
            ADD CONSTRAINT queues_overflow_to_is_another CHECK (overflow_to <> name),
            ADD CONSTRAINT queues_overflow_after_0_to_86400 CHECK (overflow_after BETWEEN 0 AND 86400),
            ADD CONSTRAINT queues_exit_keys_of_a_phone CHECK (NOT exit_keys REGEXP '[^0-9*#A-D]'),
            ADD CONSTRAINT queues_credit_returned_0_to_86400 CHECK (credit_returned BETWEEN 0 AND 86400),
            ADD CONSTRAINT queues_credit_moved_0_to_86400 CHECK (credit_moved BETWEEN 0 AND 86400),
            ADD CONSTRAINT queues_credit_redialled_0_to_86400 CHECK (credit_redialled BETWEEN 0 AND 86400);
    END IF;
END;
-- +goose StatementEnd
CALL add_queues_matching();
DROP PROCEDURE add_queues_matching;

ALTER TABLE queues
    MODIFY COLUMN weight INT NOT NULL DEFAULT 0
        COMMENT 'For agents who serve several queues: the callers of the heavier queue first. 0..1000. An agent''s own queue_members.priority goes before it.',
    MODIFY COLUMN strategy VARCHAR(32) NOT NULL DEFAULT 'longest-available'
        COMMENT 'Which of the available agents is called: longest-available = who has been available longest; fair = who has worked least of late; specialist-first = who has fewest skills; fewest-calls = who has answered fewest since the login; round-robin = whose last offer is longest ago; linear = the lowest queue_members.position; random = anybody; weighted-random = anybody, the likelier the greater queue_members.weight; least-loaded = who holds fewest contacts of the medium; ring-all = all of them at once, ring_most at most, the first to answer wins. Lower penalties always go first. A ring group (ring_group = 1) always rings all.',
    DROP CONSTRAINT queues_strategy_known,
    ADD CONSTRAINT queues_strategy_known CHECK (strategy IN ('longest-available', 'fair', 'specialist-first', 'fewest-calls', 'round-robin', 'linear', 'random', 'weighted-random', 'least-loaded', 'ring-all'));

DROP PROCEDURE IF EXISTS add_queue_members_matching;
-- +goose StatementBegin
CREATE PROCEDURE add_queue_members_matching()
    COMMENT 'Adds the columns once: MySQL has no ADD COLUMN IF NOT EXISTS.'
    MODIFIES SQL DATA
BEGIN
    IF NOT EXISTS (SELECT 1 FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'queue_members' AND column_name = 'delay') THEN
        ALTER TABLE queue_members
            ADD COLUMN priority INT NOT NULL DEFAULT 0
                COMMENT 'Of all queues that the agent serves, the callers of a lower number come first, however long others have waited: 0..99. Of the same number, those of the heavier queue (queues.weight).',
            ADD COLUMN delay INT NOT NULL DEFAULT 0
                COMMENT 'Seconds that a caller has waited at least before this agent is called: 0..86400. At most 30 different ones in a queue.',
            ADD COLUMN weight INT NOT NULL DEFAULT 1
                COMMENT 'For the strategy weighted-random: an agent of 10 is called ten times as often as one of 1: 1..10.',
            ADD COLUMN position INT NOT NULL DEFAULT 0
                COMMENT 'For the strategy linear: the available agent of the lowest position is called, 0..9999.',
            ADD CONSTRAINT queue_members_priority_0_to_99 CHECK (priority BETWEEN 0 AND 99),
            ADD CONSTRAINT queue_members_delay_0_to_86400 CHECK (delay BETWEEN 0 AND 86400),
            ADD CONSTRAINT queue_members_weight_1_to_10 CHECK (weight BETWEEN 1 AND 10),
            ADD CONSTRAINT queue_members_position_0_to_9999 CHECK (position BETWEEN 0 AND 9999);
    END IF;
END;
-- +goose StatementEnd
CALL add_queue_members_matching();
DROP PROCEDURE add_queue_members_matching;

DROP PROCEDURE IF EXISTS add_agents_matching;
-- +goose StatementBegin
CREATE PROCEDURE add_agents_matching()
    COMMENT 'Adds the columns once: MySQL has no ADD COLUMN IF NOT EXISTS.'
    MODIFIES SQL DATA
BEGIN
    IF NOT EXISTS (SELECT 1 FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'agents' AND column_name = 'chat_capacity') THEN
        ALTER TABLE agents
            ADD COLUMN chat_capacity INT NOT NULL DEFAULT 3
                COMMENT 'How many chats the agent is given at one time: 1..99, 0 = none.'
                AFTER capacity,
            ADD COLUMN beside VARCHAR(16) NOT NULL DEFAULT ''
                COMMENT 'What may come while the agent holds another medium: chat = chats during a call; voice = a call beside chats; voice,chat = both. Nothing = one medium at a time.'
                AFTER chat_capacity,
            ADD CONSTRAINT agents_chat_capacity_0_to_99 CHECK (chat_capacity BETWEEN 0 AND 99),
            ADD CONSTRAINT agents_beside_words CHECK (beside REGEXP '^((voice|chat)(,(voice|chat))*)?\\z');
    END IF;
END;
-- +goose StatementEnd
CALL add_agents_matching();
DROP PROCEDURE add_agents_matching;

DROP PROCEDURE IF EXISTS add_needs_matching;
-- +goose StatementBegin
CREATE PROCEDURE add_needs_matching()
    COMMENT 'Adds the columns once: MySQL has no ADD COLUMN IF NOT EXISTS.'
    MODIFIES SQL DATA
BEGIN
    IF NOT EXISTS (SELECT 1 FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'needs' AND column_name = 'reserve_skill') THEN
        ALTER TABLE needs
            ADD COLUMN reserve_skill VARCHAR(64) NULL
                COMMENT 'Holds specialists back: while no more than reserve_keep agents with this skill (skills.name) are available, they are not for callers of this need, until one has waited reserve_until. NULL, with the other two, = nobody is held back.',
            ADD COLUMN reserve_keep INT NULL
                COMMENT 'How many available agents with reserve_skill are held back: 1..99. NULL without a reserve.',
            ADD COLUMN reserve_until INT NULL
                COMMENT 'Seconds of waiting after which those held back serve, too: 1..86400. NULL without a reserve.',
            ADD CONSTRAINT needs_reserve_skill FOREIGN KEY (pool, reserve_skill) REFERENCES skills (pool, name) ON DELETE RESTRICT ON UPDATE RESTRICT,
            ADD CONSTRAINT needs_reserve_all_or_none CHECK (reserve_skill IS NULL AND reserve_keep IS NULL AND reserve_until IS NULL OR reserve_skill IS NOT NULL AND reserve_keep IS NOT NULL AND reserve_until IS NOT NULL),
            ADD CONSTRAINT needs_reserve_keep_1_to_99 CHECK (reserve_keep BETWEEN 1 AND 99),
            ADD CONSTRAINT needs_reserve_until_1_to_86400 CHECK (reserve_until BETWEEN 1 AND 86400);
    END IF;
END;
-- +goose StatementEnd
CALL add_needs_matching();
DROP PROCEDURE add_needs_matching;

-- Redis writes the number in five digits of base 36.
ALTER TABLE needs
    MODIFY COLUMN id INT NOT NULL AUTO_INCREMENT
        COMMENT 'Number of the need, 1..60466175, given by the database; Redis refers to it. Leave it out of an INSERT.';

DROP PROCEDURE IF EXISTS check_pool_matching;
-- +goose StatementBegin
CREATE PROCEDURE check_pool_matching(
    priority      VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    contact_order VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    pause_keeps INT)
    COMMENT 'The rules of matching of one row of pools.'
    NO SQL
BEGIN
    IF priority NOT IN ('credit', 'strict') THEN
        CALL refuse('pools.priority', priority, 'give credit or strict');
    END IF;
    IF contact_order NOT IN ('arrival', 'service-level') THEN
        CALL refuse('pools.contact_order', contact_order, 'give arrival or service-level');
    END IF;
    CALL check_flag('pools.pause_keeps', pause_keeps);
END;
-- +goose StatementEnd

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
    COMMENT 'The rules of one row of queues, except its times and its limits.'
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
    CALL check_strategy(strategy);
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

DROP PROCEDURE IF EXISTS check_strategy;
-- +goose StatementBegin
CREATE PROCEDURE check_strategy(
    strategy VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin)
    COMMENT 'Refuses an unknown strategy; who gives one of app_queue''s names hears ours.'
    NO SQL
BEGIN
    DECLARE ours VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
    IF strategy NOT IN ('longest-available', 'fair', 'specialist-first', 'fewest-calls', 'round-robin', 'linear', 'random',
        'weighted-random', 'least-loaded', 'ring-all') THEN
        -- All ten would not fit into a message.
        SET ours = CASE strategy
            WHEN 'leastrecent' THEN 'longest-available'
            WHEN 'fewestcalls' THEN 'fewest-calls'
            WHEN 'rrmemory' THEN 'round-robin'
            WHEN 'rrordered' THEN 'round-robin'
            WHEN 'roundrobin' THEN 'round-robin'
            WHEN 'wrandom' THEN 'weighted-random'
            WHEN 'ringall' THEN 'ring-all' END;
        IF ours IS NOT NULL THEN
            CALL refuse('queues.strategy', strategy, CONCAT('give ', ours, ', which it is called here'));
        END IF;
        CALL refuse('queues.strategy', strategy, 'unknown: SHOW FULL COLUMNS FROM queues LIKE ''strategy'' tells all');
    END IF;
END;
-- +goose StatementEnd

DROP PROCEDURE IF EXISTS check_empty_rule;
-- +goose StatementBegin
CREATE PROCEDURE check_empty_rule(
    field VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    words VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin)
    COMMENT 'Refuses what is no list of states of agents.'
    NO SQL
BEGIN
    IF NOT words REGEXP '^((logged_out|paused|wrap_up|not_responding|busy|later)(,(logged_out|paused|wrap_up|not_responding|busy|later))*)?\\z' THEN
        CALL refuse(field, words, 'give some of logged_out,paused,wrap_up,not_responding,busy,later');
    END IF;
END;
-- +goose StatementEnd

DROP PROCEDURE IF EXISTS check_queue_limits;
-- +goose StatementBegin
CREATE PROCEDURE check_queue_limits(
    ring_most INT, target INT, max_waiting INT,
    join_empty  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    leave_empty VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    overflow_after INT,
    exit_keys   VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    credit_returned INT, credit_moved INT, credit_redialled INT)
    COMMENT 'The rules of one row of queues for who may wait, how long, and with which credit.'
    NO SQL
BEGIN
    CALL check_range('queues.ring_most', ring_most, 1, 50, ' agents at one time');
    CALL check_range('queues.target', target, 1, 86400, ' seconds');
    CALL check_range('queues.max_waiting', max_waiting, 0, 1000000, ' callers, 0 = no bound');
    CALL check_empty_rule('queues.join_empty', join_empty);
    CALL check_empty_rule('queues.leave_empty', leave_empty);
    CALL check_range('queues.overflow_after', overflow_after, 0, 86400, ' seconds, 0 = never');
    IF exit_keys REGEXP '[^0-9*#A-D]' THEN
        CALL refuse('queues.exit_keys', exit_keys, 'give keys of a phone: 0-9 * # A-D, e.g. 0 or *#');
    END IF;
    CALL check_range('queues.credit_returned', credit_returned, 0, 86400, ' seconds');
    CALL check_range('queues.credit_moved', credit_moved, 0, 86400, ' seconds');
    CALL check_range('queues.credit_redialled', credit_redialled, 0, 86400, ' seconds');
END;
-- +goose StatementEnd

DROP PROCEDURE IF EXISTS check_queue_medium;
-- +goose StatementBegin
CREATE PROCEDURE check_queue_medium(
    a_pool      VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    a_queue     VARCHAR(80) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    ring_group INT,
    a_medium    VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    overflow_to VARCHAR(80) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin)
    COMMENT 'The rules of the medium of one row of queues, and of the queue to which it overflows.'
    READS SQL DATA
BEGIN
    IF a_medium NOT IN ('voice', 'chat') THEN
        CALL refuse('queues.medium', a_medium, 'give voice or chat');
    ELSEIF ring_group = 1 AND a_medium <> 'voice' THEN
        CALL refuse('queues.medium', a_medium, 'a ring group (ring_group = 1) rings phones: give voice');
    ELSEIF EXISTS (SELECT 1 FROM queues AS q WHERE q.pool = a_pool AND q.overflow_to = a_queue AND q.medium <> a_medium) THEN
        CALL refuse('queues.medium', a_medium, 'queues of another medium overflow to it: SET overflow_to = NULL there first');
    END IF;
    IF overflow_to = '' THEN
        CALL refuse('queues.overflow_to', overflow_to, 'give the name of a queue, or NULL for none');
    ELSEIF overflow_to = a_queue THEN
        CALL refuse('queues.overflow_to', overflow_to, 'it is the queue itself: give another, or NULL for none');
    ELSEIF overflow_to IS NOT NULL THEN
        CALL must_be_queue('queues.overflow_to', a_pool, overflow_to);
        IF NOT EXISTS (SELECT 1 FROM queues AS q WHERE q.pool = a_pool AND q.name = overflow_to AND q.medium = a_medium) THEN
            CALL refuse('queues.overflow_to', overflow_to, 'it is of another medium: give a queue of the same, or NULL for none');
        END IF;
    END IF;
END;
-- +goose StatementEnd

DROP PROCEDURE IF EXISTS check_queue_member_matching;
-- +goose StatementBegin
CREATE PROCEDURE check_queue_member_matching(
    a_pool   VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    a_queue  VARCHAR(80) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    an_agent VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    priority INT, a_delay INT, weight INT, a_position INT)
    COMMENT 'The rules of matching of one row of queue_members.'
    READS SQL DATA
BEGIN
    CALL check_range('queue_members.priority', priority, 0, 99, ' (0 comes first)');
    CALL check_range('queue_members.delay', a_delay, 0, 86400, ' seconds');
    CALL check_range('queue_members.weight', weight, 1, 10, ' (10 is called most)');
    CALL check_range('queue_members.position', a_position, 0, 9999, ' (0 is called first)');
    -- Each is a step more of every need of the queue, and those have two digits.
    IF a_delay > 0 AND (SELECT COUNT(DISTINCT m.delay) FROM queue_members AS m WHERE m.pool = a_pool AND m.queue = a_queue
        AND m.agent <> an_agent AND m.delay NOT IN (0, a_delay)) >= 30 THEN
        CALL refuse('queue_members.delay', a_delay, 'the queue has 30 different ones: give one of those, or 0');
    END IF;
END;
-- +goose StatementEnd

DROP PROCEDURE IF EXISTS check_agent_media;
-- +goose StatementBegin
CREATE PROCEDURE check_agent_media(
    chat_capacity INT,
    beside VARCHAR(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin)
    COMMENT 'The rules of one row of agents for chats, and for what comes beside them.'
    NO SQL
BEGIN
    CALL check_range('agents.chat_capacity', chat_capacity, 0, 99, ' chats at one time, 0 = none');
    IF NOT beside REGEXP '^((voice|chat)(,(voice|chat))*)?\\z' THEN
        CALL refuse('agents.beside', beside, 'give voice, chat, or both with a comma, or nothing');
    END IF;
END;
-- +goose StatementEnd

DROP PROCEDURE IF EXISTS check_need_reserve;
-- +goose StatementBegin
CREATE PROCEDURE check_need_reserve(
    a_pool        VARCHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    reserve_skill VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    reserve_keep INT, reserve_until INT)
    COMMENT 'The rules of the reserve of one row of needs.'
    READS SQL DATA
BEGIN
    IF reserve_skill IS NOT NULL THEN
        CALL must_be_skill('needs.reserve_skill', a_pool, reserve_skill);
    ELSEIF reserve_keep IS NOT NULL OR reserve_until IS NOT NULL THEN
        CALL refuse('needs.reserve_skill', reserve_skill, 'give the skill that is held back, or NULL in all of reserve_*');
    END IF;
    IF reserve_skill IS NOT NULL AND reserve_keep IS NULL THEN
        CALL refuse('needs.reserve_keep', reserve_keep, 'give 1..99 agents, or NULL in all of reserve_*');
    ELSEIF reserve_skill IS NOT NULL AND reserve_until IS NULL THEN
        CALL refuse('needs.reserve_until', reserve_until, 'give 1..86400 seconds, or NULL in all of reserve_*');
    END IF;
    CALL check_range('needs.reserve_keep', reserve_keep, 1, 99, ' agents');
    CALL check_range('needs.reserve_until', reserve_until, 1, 86400, ' seconds');
END;
-- +goose StatementEnd

-- Triggers of their own, behind those that are there (00009).
DROP TRIGGER IF EXISTS pools_before_insert_matching;
CREATE TRIGGER pools_before_insert_matching BEFORE INSERT ON pools FOR EACH ROW FOLLOWS pools_before_insert
    CALL check_pool_matching(NEW.priority, NEW.contact_order, NEW.pause_keeps);
DROP TRIGGER IF EXISTS pools_before_update_matching;
CREATE TRIGGER pools_before_update_matching BEFORE UPDATE ON pools FOR EACH ROW FOLLOWS pools_before_update
    CALL check_pool_matching(NEW.priority, NEW.contact_order, NEW.pause_keeps);

DROP TRIGGER IF EXISTS queues_before_insert_matching;
-- +goose StatementBegin
CREATE TRIGGER queues_before_insert_matching BEFORE INSERT ON queues FOR EACH ROW FOLLOWS queues_before_insert_redial
BEGIN
    CALL check_queue_medium(NEW.pool, NEW.name, NEW.ring_group, NEW.medium, NEW.overflow_to);
    CALL check_queue_limits(NEW.ring_most, NEW.target, NEW.max_waiting, NEW.join_empty, NEW.leave_empty, NEW.overflow_after,
        NEW.exit_keys, NEW.credit_returned, NEW.credit_moved, NEW.credit_redialled);
END;
-- +goose StatementEnd
DROP TRIGGER IF EXISTS queues_before_update_matching;
-- +goose StatementBegin
CREATE TRIGGER queues_before_update_matching BEFORE UPDATE ON queues FOR EACH ROW FOLLOWS queues_before_update_redial
BEGIN
    CALL check_queue_medium(NEW.pool, NEW.name, NEW.ring_group, NEW.medium, NEW.overflow_to);
    CALL check_queue_limits(NEW.ring_most, NEW.target, NEW.max_waiting, NEW.join_empty, NEW.leave_empty, NEW.overflow_after,
        NEW.exit_keys, NEW.credit_returned, NEW.credit_moved, NEW.credit_redialled);
END;
-- +goose StatementEnd

DROP TRIGGER IF EXISTS queues_before_delete_overflow;
-- +goose StatementBegin
CREATE TRIGGER queues_before_delete_overflow BEFORE DELETE ON queues FOR EACH ROW PRECEDES queues_before_delete
BEGIN
    IF EXISTS (SELECT 1 FROM queues WHERE pool = OLD.pool AND overflow_to = OLD.name) THEN
        CALL refuse('queues.name', OLD.name, 'other queues overflow to it: SET overflow_to = NULL there first');
    END IF;
END;
-- +goose StatementEnd

DROP TRIGGER IF EXISTS queue_members_before_insert_matching;
CREATE TRIGGER queue_members_before_insert_matching BEFORE INSERT ON queue_members FOR EACH ROW FOLLOWS queue_members_before_insert
    CALL check_queue_member_matching(NEW.pool, NEW.queue, NEW.agent, NEW.priority, NEW.delay, NEW.weight, NEW.position);
DROP TRIGGER IF EXISTS queue_members_before_update_matching;
CREATE TRIGGER queue_members_before_update_matching BEFORE UPDATE ON queue_members FOR EACH ROW FOLLOWS queue_members_before_update
    CALL check_queue_member_matching(NEW.pool, NEW.queue, NEW.agent, NEW.priority, NEW.delay, NEW.weight, NEW.position);

DROP TRIGGER IF EXISTS agents_before_insert_media;
CREATE TRIGGER agents_before_insert_media BEFORE INSERT ON agents FOR EACH ROW FOLLOWS agents_before_insert
    CALL check_agent_media(NEW.chat_capacity, NEW.beside);
DROP TRIGGER IF EXISTS agents_before_update_media;
CREATE TRIGGER agents_before_update_media BEFORE UPDATE ON agents FOR EACH ROW FOLLOWS agents_before_update
    CALL check_agent_media(NEW.chat_capacity, NEW.beside);

DROP TRIGGER IF EXISTS needs_before_insert_reserve;
CREATE TRIGGER needs_before_insert_reserve BEFORE INSERT ON needs FOR EACH ROW FOLLOWS needs_before_insert
    CALL check_need_reserve(NEW.pool, NEW.reserve_skill, NEW.reserve_keep, NEW.reserve_until);
DROP TRIGGER IF EXISTS needs_before_update_reserve;
CREATE TRIGGER needs_before_update_reserve BEFORE UPDATE ON needs FOR EACH ROW FOLLOWS needs_before_update
    CALL check_need_reserve(NEW.pool, NEW.reserve_skill, NEW.reserve_keep, NEW.reserve_until);

DROP TRIGGER IF EXISTS skills_before_delete_reserve;
-- +goose StatementBegin
CREATE TRIGGER skills_before_delete_reserve BEFORE DELETE ON skills FOR EACH ROW FOLLOWS skills_before_delete
BEGIN
    IF EXISTS (SELECT 1 FROM needs WHERE pool = OLD.pool AND reserve_skill = OLD.name) THEN
        CALL refuse('skills.name', OLD.name, 'needs hold agents with it back: SET their reserve_* to NULL first');
    END IF;
END;
-- +goose StatementEnd
