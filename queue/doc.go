// Package queue is the heart of Holdline.
package queue
