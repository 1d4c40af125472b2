// Package center runs the roles together in one process: the real stasis, channelapi
// and callmanagers, on whatever Redis and Asterisk nodes it is given. The embedded
// tests and the demo are built on it; production runs `holdline all`.
//
// It promises what a process of its own would: the parts speak over the loopback, as
// they do over a network, and share nothing but Redis. A callmanager that is killed
// has its connections cut in the middle of what it does, and hands nothing over.
package center
