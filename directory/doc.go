// Package directory is what people edit: pools, queues, agents, skills. It
// keeps them in MySQL and hands a whole pool over as one [queue.Projection].
//
// Promises:
//
//   - The modes of the agents, which callmanager keeps with [Directory.SaveModes],
//     are part of what is loaded and no edit: they raise no version.
//   - A row that makes no sense is refused by the database itself, whoever
//     writes it, with a message that names field, value and remedy. The rules
//     are CHECK constraints, foreign keys (RESTRICT: a cascade fires no
//     trigger, so nobody would hear of it) and triggers; all of them live in
//     migrations/*.sql, none in this code.
//   - Every insert, update and delete on every table raises the one number in
//     directory_version, in the same transaction. The number only grows, also
//     after a restore of an older backup, because it follows the clock.
//     TRUNCATE is the one edit that MySQL lets nobody hear of.
//   - [Directory.Load] reads one snapshot: the version in a projection and
//     all of its rows belong together.
//   - A row that made it past the rules (written with the triggers off, or by
//     a newer schema) costs that row, not the pool: it comes back as a
//     [Problem], and the rest is projected.
//   - [Directory.Watch] sees an edit within the polling interval (at most
//     500 ms) and survives a MySQL that is down; [Directory.Health] tells.
//   - Steps widen: the agents of step k+1 include those of step k.
//   - A SIP password is never stored. What is written into
//     agents.sip_password becomes the digest ha1 and NULL.
//
// MySQL decides nothing while calls run: Redis holds the projection, and
// nothing that waits, talks or registers notices that MySQL is away.
package directory
