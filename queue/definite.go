package queue

import "errors"

// IsRefusal says whether err is the queue's own answer, which repeating the
// command will not change, as against Redis not having answered.
func IsRefusal(err error) bool {
	if errors.Is(err, ErrNotReady) {
		return false // it goes by itself
	}
	for _, definite := range codes {
		if errors.Is(err, definite) {
			return true
		}
	}
	return errors.Is(err, ErrName) || errors.Is(err, ErrSpec) || errors.Is(err, ErrRecord)
}
