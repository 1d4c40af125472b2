// Package channelapi is the HTTP control of live channels: a server that
// carries commands out on any Asterisk node, the client that the call manager
// uses, and the document (openapi.yaml) that both are checked against.
//
// It knows nothing of queues: a command names a node and a channel, and says
// what is to happen to it. So it can drive other things than this queue, and
// other things than Asterisk can stand behind it (Telephony).
//
// What it promises:
//
//  1. The server keeps nothing that matters: any replica can take any command,
//     and a replica can be killed at any instruction.
//  2. Every command is idempotent: sent twice, it has the effect of once. Ids of
//     new legs, bridges and playbacks come with the command for that reason.
//     What a repeated command answers may differ (a second hangup: 404). The one
//     bound: media is recognised as repeated only while it is being played.
//  3. A sequence of steps never needs the server to live through media: all that
//     follows an announcement is queued on the node behind it, at once.
//  4. When the outcome of a step is not known, the node is asked by id before
//     anything is reported. If it still is not known, the answer says so (504,
//     outcome_unknown) and not that it failed.
//  5. Success says that the node took the command. That a channel rang,
//     answered or went, only events tell.
//  6. Every string is checked before it reaches a node: nothing that a client
//     sends becomes a dialplan function, another SIP header, or another
//     parameter.
//
// The errors (errors.go) are the same on both sides of the wire.
package channelapi
