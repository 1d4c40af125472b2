-- What the triggers of all tables share: how a value is refused, and with
-- which words. A message is "<table>.<column> '<value>': <remedy>", at most
-- 128 characters (MySQL's limit), the value cut to 24. The CHECK constraints
-- say the same without the words, in case a trigger is lost.

-- +goose Up
DROP PROCEDURE IF EXISTS refuse;
-- +goose StatementBegin
CREATE PROCEDURE refuse(
    field  VARCHAR(64)   CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    value  VARCHAR(1024) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    remedy VARCHAR(255)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin)
    COMMENT 'Refuses the row that is being written: field, value, remedy.'
    NO SQL
BEGIN
    DECLARE message VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
    SET message = LEFT(CONCAT(field,
        CASE WHEN value IS NULL THEN ' NULL'
             WHEN CHAR_LENGTH(value) > 24 THEN CONCAT(' ''', LEFT(value, 22), '..''')
             ELSE CONCAT(' ''', value, '''') END,
        ': ', remedy), 128);
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = message;
END;
-- +goose StatementEnd

DROP PROCEDURE IF EXISTS check_range;
-- +goose StatementBegin
CREATE PROCEDURE check_range(
    field VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    value BIGINT, low BIGINT, high BIGINT,
    unit  VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin)
    COMMENT 'Refuses a number outside low..high. NULL passes: NOT NULL is the column''s own rule.'
    NO SQL
BEGIN
    IF value < low OR value > high THEN
        CALL refuse(field, value, CONCAT('give ', low, '..', high, unit));
    END IF;
END;
-- +goose StatementEnd

DROP PROCEDURE IF EXISTS check_flag;
-- +goose StatementBegin
CREATE PROCEDURE check_flag(
    field VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    value BIGINT)
    COMMENT 'Refuses a yes/no that is not 1 or 0.'
    NO SQL
BEGIN
    IF value NOT IN (0, 1) THEN
        CALL refuse(field, value, 'give 1 (yes) or 0 (no)');
    END IF;
END;
-- +goose StatementEnd

DROP PROCEDURE IF EXISTS check_name;
-- +goose StatementBegin
CREATE PROCEDURE check_name(
    field VARCHAR(64)   CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    value VARCHAR(1024) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin)
    COMMENT 'Refuses a name that could not travel through Redis keys, dialplan, SIP and URLs as it is.'
    NO SQL
BEGIN
    IF value = '' OR value REGEXP '[^A-Za-z0-9._@+-]' OR value REGEXP '^[._@+-]' THEN
        CALL refuse(field, value, 'only A-Z a-z 0-9 . _ @ + -, beginning with a letter or digit');
    END IF;
END;
-- +goose StatementEnd

DROP PROCEDURE IF EXISTS check_same;
-- +goose StatementBegin
CREATE PROCEDURE check_same(
    field VARCHAR(64)  CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    was   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
    now   VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin)
    COMMENT 'Refuses another value in a key that calls, history and Redis refer to.'
    NO SQL
BEGIN
    IF NOT (was <=> now) THEN
        CALL refuse(field, now, CONCAT('cannot change (was ''', LEFT(was, 24), '''): insert a new row, delete the old'));
    END IF;
END;
-- +goose StatementEnd
