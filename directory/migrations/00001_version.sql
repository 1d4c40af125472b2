-- The number that tells Holdline that somebody edited something.
-- Every table of the directory raises it in its triggers, in the same
-- transaction. Each statement here can run again after a broken migration.

-- +goose Up
ALTER TABLE schema_migrations
    COMMENT = 'Which migrations of the schema have run; kept by holdline migrate. Nothing to edit.',
    MODIFY id         BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'Order in which they ran.',
    MODIFY version_id BIGINT          NOT NULL                COMMENT 'Number of the migration.',
    MODIFY is_applied TINYINT(1)      NOT NULL                COMMENT '1: it ran.',
    MODIFY tstamp     TIMESTAMP       NULL DEFAULT CURRENT_TIMESTAMP COMMENT 'When it ran.';

CREATE TABLE IF NOT EXISTS directory_version (
    id         INT         NOT NULL DEFAULT 1
        COMMENT 'Always 1: the table has one row.',
    version    BIGINT      NOT NULL
        COMMENT 'Grows with every edit of the directory: milliseconds since 1970 UTC, or one more than before when edits come faster. Never set it: any UPDATE of this row raises it, whatever value is given. To make Holdline read everything again: UPDATE directory_version SET version = 0;',
    changed_at DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3)
        COMMENT 'When the last edit was made, UTC.',
    PRIMARY KEY (id),
    CONSTRAINT directory_version_has_one_row CHECK (id = 1)
) ENGINE = InnoDB DEFAULT CHARSET = utf8mb4 COLLATE = utf8mb4_bin
  COMMENT = 'One row, whose version grows with every INSERT, UPDATE and DELETE on any table of the directory; Holdline polls it and reads the directory anew within 2 seconds. It cannot see TRUNCATE: use DELETE. An edit in an open transaction takes effect at COMMIT, and makes the edits of others wait until then.';

DROP TRIGGER IF EXISTS directory_version_before_update;
-- +goose StatementBegin
CREATE TRIGGER directory_version_before_update BEFORE UPDATE ON directory_version FOR EACH ROW
BEGIN
    -- From the clock, so that it also grows past what a restored backup knew.
    SET NEW.version = GREATEST(OLD.version + 1,
        TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(3)) DIV 1000);
    SET NEW.changed_at = UTC_TIMESTAMP(3);
END;
-- +goose StatementEnd

DROP TRIGGER IF EXISTS directory_version_before_delete;
-- +goose StatementBegin
CREATE TRIGGER directory_version_before_delete BEFORE DELETE ON directory_version FOR EACH ROW
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'directory_version: this row stays; Holdline learns of edits through it';
-- +goose StatementEnd

INSERT IGNORE INTO directory_version (id, version) VALUES (1, 1);
UPDATE directory_version SET version = 0 WHERE id = 1;

DROP PROCEDURE IF EXISTS directory_changed;
-- +goose StatementBegin
CREATE PROCEDURE directory_changed()
    COMMENT 'Raises directory_version. Called by the AFTER triggers of every table.'
    MODIFIES SQL DATA
    UPDATE directory_version SET version = version + 1 WHERE id = 1;
-- +goose StatementEnd
