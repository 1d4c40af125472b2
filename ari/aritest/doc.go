// Package aritest says how an Asterisk behaves towards its application, as a suite that
// runs on the fake in every test run and on a real Asterisk 22 in the stack's.
//
// Beside the suite are scenarios (scenarios*.go): courses of events that are recorded from a
// real Asterisk into ../fake/testdata/recorded and played on the fake, field by field. The
// suite says what is promised, the recordings say all that was seen.
//
// The suite is why the fake may be believed: what one of them does and the other does
// not is a failing test. Package ari/fake runs it as TestConformance. On a real Asterisk:
//
//	go test -tags stack -run 'TestRealAsterisk|TestContract' ./ari/...
//
// which starts containers of the image in HOLDLINE_TEST_ASTERISK_IMAGE (default
// holdline/asterisk, the one that compose.yaml builds) with the configuration in
// asterisk/, in which Asterisk calls itself over SIP to play callers and phones, and
// removes them in the end. Needs docker. HOLDLINE_TEST_SUBNET gives them a subnet.
package aritest
