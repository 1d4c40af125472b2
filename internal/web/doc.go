// Package web is the HTTP that every role has in common. It promises:
//
//   - a handler returns an error, and one place turns it into a status, a
//     problem body, a log line and a metric (Router);
//   - a problem body always has the same form (Problem), with a code that
//     stays the same for programs to act on, and a remedy for people;
//   - an error that nobody declared is a 500 that says nothing of itself to
//     the client and everything to the log; so is a panic;
//   - a client that went away is no error: 499 in log and metric;
//   - every answer echoes X-Request-Id, and Idempotency-Key when one was sent;
//   - a body is read strictly: a field that is not known is refused by name,
//     as is anything after the object, or too much of it (Decode);
//   - a metric's label is the pattern of a route, never a path;
//   - a server has every timeout, and ends by letting requests finish
//     (Server);
//   - /healthz says that the process lives, /readyz asks each part that it
//     needs (Health) and tells "takes no more" from "does not work", and the admin pages show metrics and profiles to the
//     loopback or to who has the token (Admin).
package web
