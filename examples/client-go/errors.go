package main

import (
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// domain marks the details of an error that the core itself raised.
const domain = "axisor"

// codeNames are the names of gRPC's codes as every other language has them.
var codeNames = [...]string{
	"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND",
	"ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED",
	"OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
}

// CoreError is what a core says when it refuses: a reason to switch on, what it means for the
// money, what to do, and how long to wait where waiting helps. Without a reason the core did not
// speak at all: the line broke, or there is none.
type CoreError struct {
	Reason     string            `json:"reason"`
	Code       string            `json:"code"`
	Message    string            `json:"message"`
	Means      string            `json:"means"`
	Todo       string            `json:"todo"`
	RetryAfter *float64          `json:"retry_after_s"`
	Metadata   map[string]string `json:"-"`
	code       codes.Code
}

func (e *CoreError) Error() string { return e.Message }

// coreError returns the error that a failed call carries.
func coreError(err error) *CoreError {
	said := status.Convert(err)
	found := &CoreError{Code: codeNames[codes.Unknown], Message: said.Message(), code: said.Code()}
	if int(said.Code()) < len(codeNames) {
		found.Code = codeNames[said.Code()]
	}
	for _, detail := range said.Details() {
		switch detail := detail.(type) {
		case *errdetails.ErrorInfo:
			if detail.Domain == domain {
				found.Reason, found.Metadata = detail.Reason, detail.Metadata
				found.Means, found.Todo = detail.Metadata["means"], detail.Metadata["todo"]
			}
		case *errdetails.RetryInfo:
			wait := detail.RetryDelay.AsDuration().Seconds()
			found.RetryAfter = &wait
		}
	}
	return found
}

// mayChange tells whether another try of the same call may be answered otherwise. An error with an
// intent's state is how an action ended, and stays the answer.
func (e *CoreError) mayChange() bool {
	_, ended := e.Metadata["state"]
	return e.code == codes.Unavailable && !ended
}

// reopens tells whether opening a stream again helps: the line broke, or the core asks for patience.
func (e *CoreError) reopens() bool {
	switch e.code {
	case codes.Unavailable, codes.ResourceExhausted:
		return true
	case codes.Canceled, codes.Internal, codes.Unknown:
		return e.Reason == ""
	}
	return e.Reason == "SEQUENCE_EXPIRED"
}
