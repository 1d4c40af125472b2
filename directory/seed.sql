-- The pool demo: what `holdline migrate` puts into an empty directory, and an
-- example of every kind of row. SIP passwords are not here: they come from
-- HOLDLINE_SEED_AGENT_PASSWORD.

INSERT INTO pools (name, sip_domain, title) VALUES
    ('demo', 'demo.holdline.test', 'Demonstration');

INSERT INTO skills (pool, name, title) VALUES
    ('demo', 'support', 'Technical support'),
    ('demo', 'sales',   'Sales'),
    ('demo', 'billing', 'Invoices and payments');

INSERT INTO agents (pool, id, name) VALUES
    ('demo', '201', 'Ada'),
    ('demo', '202', 'Ben'),
    ('demo', '203', 'Cleo'),
    ('demo', '204', 'Dan'),
    ('demo', '205', 'Eve'),
    ('demo', '206', 'Finn'),
    ('demo', '207', 'Gia'),
    ('demo', '208', 'Hugo');

INSERT INTO agent_skills (pool, agent, skill, level) VALUES
    ('demo', '201', 'support', 5),
    ('demo', '202', 'support', 5),
    ('demo', '203', 'support', 4),
    ('demo', '204', 'support', 4),
    ('demo', '203', 'sales',   4),
    ('demo', '204', 'sales',   4),
    ('demo', '205', 'sales',   5),
    ('demo', '206', 'sales',   5),
    ('demo', '207', 'billing', 5),
    ('demo', '208', 'billing', 4);

-- Both are served by skill. Each gets its need `default`, step 0, by trigger.
INSERT INTO queues (pool, name, title, membership) VALUES
    ('demo', 'support', 'Technical support', 'skills'),
    ('demo', 'sales',   'Sales',             'skills');

INSERT INTO need_skills (pool, queue, need, step, skill, min_level) VALUES
    ('demo', 'support', 'default', 0, 'support', 3),
    ('demo', 'sales',   'default', 0, 'sales',   3);

-- After 30 s the beginners answer too. The new step starts as a copy of step
-- 0, and then asks for less.
INSERT INTO need_steps (pool, queue, need, step, starts_after) VALUES
    ('demo', 'support', 'default', 1, 30);
UPDATE need_skills SET min_level = 1
    WHERE pool = 'demo' AND queue = 'support' AND need = 'default' AND step = 1;

-- need=expert in the dialplan: the best first, after 20 s whoever can.
INSERT INTO needs (pool, queue, name, title) VALUES
    ('demo', 'support', 'expert', 'Hard cases');
INSERT INTO need_skills (pool, queue, need, step, skill, min_level) VALUES
    ('demo', 'support', 'expert', 0, 'support', 5);
INSERT INTO need_steps (pool, queue, need, step, starts_after) VALUES
    ('demo', 'support', 'expert', 1, 20);
UPDATE need_skills SET min_level = 1
    WHERE pool = 'demo' AND queue = 'support' AND need = 'expert' AND step = 1;
