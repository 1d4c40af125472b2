package web

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
)

// MaxBody is the most that Decode reads, in bytes. Commands are small.
const MaxBody = 64 << 10

// Decode reads the request's JSON object into v, strictly. Its errors are
// Problems.
func Decode(w http.ResponseWriter, r *http.Request, v any) error {
	found, err := decode(w, r, v)
	if err == nil && !found {
		return &Problem{
			Status: http.StatusBadRequest, Code: CodeInvalidBody,
			Message: "the body is empty", Remedy: "send a JSON object",
		}
	}
	return err
}

// DecodeOptional is Decode for a body that may be left out.
func DecodeOptional(w http.ResponseWriter, r *http.Request, v any) error {
	_, err := decode(w, r, v)
	return err
}

func decode(w http.ResponseWriter, r *http.Request, v any) (found bool, err error) {
	body := http.MaxBytesReader(w, r.Body, MaxBody)
	d := json.NewDecoder(body)
	d.DisallowUnknownFields()
	err = d.Decode(v)
	if errors.Is(err, io.EOF) {
		return false, nil
	}
	// The type is judged only of a body that is there: an empty one needs none.
	if kind := r.Header.Get("Content-Type"); kind != "" {
		if t, _, bad := mime.ParseMediaType(kind); bad != nil || t != "application/json" {
			return true, &Problem{
				Status: http.StatusUnsupportedMediaType, Code: CodeUnsupportedMedia,
				Message: "the body must be JSON", Field: "Content-Type", Value: kind,
				Remedy: "send Content-Type: application/json",
			}
		}
	}
	if err != nil {
		return true, bodyProblem(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return true, &Problem{
			Status: http.StatusBadRequest, Code: CodeInvalidBody, Err: err,
			Message: "there is more in the body than one JSON object", Remedy: "send one JSON object",
		}
	}
	return true, nil
}

// unknownField is how encoding/json begins to say that a field is not known;
// it has no error type for it.
const unknownField = `json: unknown field "`

// bodyProblem says what is wrong with a body, by field where it can.
func bodyProblem(err error) *Problem {
	bad := func(code, message, remedy string) *Problem {
		return &Problem{Status: http.StatusBadRequest, Code: code, Message: message, Remedy: remedy, Err: err}
	}
	var wrong *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	var big *http.MaxBytesError
	switch {
	case errors.As(err, &big):
		p := bad(CodeBodyTooLarge, "the body is too large", fmt.Sprintf("send at most %d bytes", big.Limit))
		p.Status = http.StatusRequestEntityTooLarge
		return p
	case errors.As(err, &wrong):
		p := bad(CodeInvalidField, "this field cannot hold a "+wrong.Value, "send a "+kindOf(wrong))
		p.Field, p.Value = wrong.Field, wrong.Value
		return p
	case errors.As(err, &syntax):
		return bad(CodeInvalidBody, fmt.Sprintf("the body is not JSON at byte %d", syntax.Offset), "send a JSON object")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return bad(CodeInvalidBody, "the body ends in the middle of the JSON", "send a whole JSON object")
	}
	if name, ok := strings.CutPrefix(err.Error(), unknownField); ok {
		p := bad(CodeUnknownField, "there is no such field", "leave it out, or correct its name")
		p.Field = strings.TrimSuffix(name, `"`)
		return p
	}
	return bad(CodeInvalidBody, "the body cannot be read", "send a JSON object")
}

// kindOf names, in JSON's words, what a field would hold.
func kindOf(e *json.UnmarshalTypeError) string {
	switch k := e.Type.Kind().String(); {
	case k == "string", k == "bool":
		return k
	case strings.HasPrefix(k, "int"), strings.HasPrefix(k, "uint"):
		return "whole number"
	case strings.HasPrefix(k, "float"):
		return "number"
	case k == "slice", k == "array":
		return "list"
	}
	return "object"
}
