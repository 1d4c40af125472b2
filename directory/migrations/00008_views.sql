-- What Kamailio may see, and the ring groups as a list.
-- The views read with the rights of the migrating user; who reads them needs
-- no right on the tables.

-- +goose Up
CREATE OR REPLACE SQL SECURITY DEFINER VIEW kamailio_credentials (agent, domain, ha1, pool) AS
    SELECT a.id, p.sip_domain, a.ha1, a.pool
    FROM agents AS a JOIN pools AS p ON p.name = a.pool
    WHERE a.enabled = 1 AND a.ha1 IS NOT NULL;

CREATE OR REPLACE SQL SECURITY DEFINER VIEW kamailio_domains (domain, pool) AS
    SELECT sip_domain, name FROM pools;

CREATE OR REPLACE SQL SECURITY DEFINER VIEW ring_groups (pool, name, title, extensions, ring_time, timeout, open) AS
    SELECT q.pool, q.name, q.title,
        (SELECT GROUP_CONCAT(m.agent ORDER BY m.penalty, m.agent SEPARATOR ',') FROM queue_members AS m
            WHERE m.pool = q.pool AND m.queue = q.name),
        q.ring_time, q.timeout, q.open
    FROM queues AS q WHERE q.ring_group = 1;
