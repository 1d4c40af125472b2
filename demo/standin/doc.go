// Package standin holds what the demo has in place of Redis and MySQL, in memory and
// on the loopback, for redis-cli, mysql and Holdline's own code alike.
//
// They are stand-ins, and differ from what they stand for:
//
//   - Redis is miniredis: its Lua runs in Go, some ten times slower; it sends no
//     keyspace notifications, so a TTL key that somebody deletes is found by
//     Holdline's sweep, within a second; nothing is written to disk.
//   - MySQL is go-mysql-server with tables in memory. They are made from Holdline's
//     own migrations, less what it cannot do ([Schema]); a transaction sees what
//     others commit meanwhile, and does not roll back.
package standin
