package main

import (
	"context"
	"errors"
	"io"
	"math/rand"
	"time"

	"axisor.example/contract/axisor/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
)

const (
	timeout   = 15 * time.Second
	firstWait = 100 * time.Millisecond
	mostWait  = 15 * time.Second
)

// Core is a connection to a core. What goes over it says who calls, and which mode is meant.
type Core struct {
	conn    *grpc.ClientConn
	headers metadata.MD
}

// connect prepares a connection to a core that shows this certificate; nothing is sent yet.
func connect(address, certificate, token, mode string) (*Core, error) {
	pinned, err := credentials.NewClientTLSFromFile(certificate, "")
	if err != nil {
		return nil, err
	}
	waits := backoff.Config{BaseDelay: 200 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 5 * time.Second}
	conn, err := grpc.Dial(address,
		grpc.WithTransportCredentials(pinned),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 20 * time.Second, Timeout: 10 * time.Second}),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: waits, MinConnectTimeout: 5 * time.Second}),
		grpc.WithDisableRetry(), // repeating is ours: it needs the request id and the deadline
	)
	if err != nil {
		return nil, err
	}
	headers := metadata.Pairs("authorization", "Bearer "+token, "axisor-expect-mode", mode)
	return &Core{conn, headers}, nil
}

// call makes a call, and again while the core is away: whatever changes something carries one
// request id each time.
func (c *Core) call(make func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(c.context(), timeout)
	defer cancel()
	for tries := 0; ; tries++ {
		err := make(ctx)
		if err == nil {
			return nil
		}
		refused := coreError(err)
		if !refused.mayChange() || !sleep(ctx, jitter(tries, 2*time.Second)) {
			return refused
		}
	}
}

func (c *Core) context() context.Context {
	return metadata.NewOutgoingContext(context.Background(), c.headers)
}

// Seen is what a watch tells of: events and snapshots as they come, and cuts.
type Seen interface {
	Event(*axisorv1.Event)
	Snapshot(*axisorv1.Snapshot)
	Cut(after *int64, problem string)
}

var errGap = errors.New("an event is missing")

// watch follows a journal after a sequence, or from a snapshot: each event once, in order, over
// broken and silent lines. It returns what opening the stream again does not mend.
func (c *Core) watch(account string, after *int64, silence time.Duration, seen Seen) *CoreError {
	for failures := 0; ; failures++ {
		frames, err := c.follow(account, &after, silence, seen)
		if frames > 0 {
			failures = 0
		}
		var wait time.Duration
		problem := "the core ended the stream"
		switch {
		case errors.Is(err, errGap):
			problem = errGap.Error()
		case err != io.EOF:
			refused := coreError(err)
			if !refused.reopens() {
				return refused
			}
			if refused.Reason == "SEQUENCE_EXPIRED" {
				after = nil // take a snapshot
			}
			if refused.RetryAfter != nil {
				wait = time.Duration(*refused.RetryAfter * float64(time.Second))
			}
			problem = refused.Message
		}
		seen.Cut(after, problem)
		time.Sleep(wait + jitter(failures, mostWait))
	}
}

// follow reads one stream until it breaks, moves after on with it, and counts its frames.
func (c *Core) follow(account string, after **int64, silence time.Duration, seen Seen) (int, error) {
	ctx, cancel := context.WithCancel(c.context())
	defer cancel()
	silent := time.AfterFunc(silence, cancel)
	defer silent.Stop()
	request := &axisorv1.WatchEventsRequest{Parent: account, AfterSequence: *after}
	stream, err := axisorv1.NewEventServiceClient(c.conn).WatchEvents(ctx, request, grpc.WaitForReady(true))
	for frames := 0; ; frames++ {
		if err != nil {
			return frames, err
		}
		var frame *axisorv1.WatchEventsResponse
		if frame, err = stream.Recv(); err == nil {
			silent.Reset(silence)
			err = take(frame, after, seen)
		}
	}
}

// take tells what is new in a frame, and finds gaps.
func take(frame *axisorv1.WatchEventsResponse, after **int64, seen Seen) error {
	if frame.Snapshot != nil {
		*after = &frame.Snapshot.Sequence
		seen.Snapshot(frame.Snapshot)
	}
	for _, event := range frame.Events {
		if *after != nil && event.Sequence <= **after {
			continue // seen before the cut
		}
		if *after != nil && event.Sequence != **after+1 {
			return errGap
		}
		*after = &event.Sequence
		seen.Event(event)
	}
	if beat := frame.Heartbeat; beat != nil && *after != nil && beat.LatestSequence > **after {
		return errGap
	}
	return nil
}

// jitter returns a wait between zero and a bound that doubles with every failure in a row.
func jitter(failures int, most time.Duration) time.Duration {
	bound := most
	if failures < 8 && firstWait<<failures < most {
		bound = firstWait << failures
	}
	return time.Duration(rand.Int63n(int64(bound)))
}

// sleep waits, and tells whether there is still time for another try.
func sleep(ctx context.Context, wait time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(wait):
		return true
	}
}
