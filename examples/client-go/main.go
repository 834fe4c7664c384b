// Does what it reads, a line of JSON each; docs/clients.md has the words.
// Usage: client HOST:PORT CERTIFICATE TOKEN_FILE MODE
package main

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log"
	"os"
	"strings"
	"sync"
	"time"

	"axisor.example/contract/axisor/v1"
	health "google.golang.org/grpc/health/grpc_health_v1"
	reflection "google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
)

type asked struct {
	ID            int64   `json:"id"`
	Do            string  `json:"do"`
	Account       string  `json:"account"`
	RequestID     string  `json:"request_id"`
	QuantityUSD   int64   `json:"quantity_usd"`
	Leverage      string  `json:"leverage"`
	LimitPriceUSD string  `json:"limit_price_usd"`
	AfterSequence int64   `json:"after_sequence"`
	SilenceS      float64 `json:"silence_s"`
}

type told map[string]interface{}

type talk struct {
	core    *Core
	out     *json.Encoder
	lock    sync.Mutex
	watches sync.WaitGroup
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 5 {
		log.Fatal("usage: client HOST:PORT CERTIFICATE TOKEN_FILE MODE")
	}
	token, err := os.ReadFile(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	core, err := connect(os.Args[1], os.Args[2], strings.TrimSpace(string(token)), os.Args[4])
	if err != nil {
		log.Fatal(err)
	}
	t := &talk{core: core, out: json.NewEncoder(os.Stdout)}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var request asked
		if err := json.Unmarshal(lines.Bytes(), &request); err != nil {
			log.Fatal(err)
		}
		t.answer(request)
	}
	t.watches.Wait()
}

func (t *talk) say(line told) {
	t.lock.Lock()
	defer t.lock.Unlock()
	if err := t.out.Encode(line); err != nil {
		log.Fatal(err)
	}
}

func (t *talk) answer(request asked) {
	var key string
	var answer interface{}
	err := t.core.call(func(ctx context.Context) (err error) {
		key, answer, err = t.do(ctx, request)
		return err
	})
	if err != nil {
		key, answer = "error", err
	}
	t.say(told{"id": request.ID, key: answer})
}

func (t *talk) do(ctx context.Context, request asked) (string, interface{}, error) {
	switch request.Do {
	case "health":
		answer, err := health.NewHealthClient(t.core.conn).Check(ctx, &health.HealthCheckRequest{})
		return "health", answer.GetStatus().String(), err
	case "services":
		names, err := t.services(ctx)
		return "services", names, err
	case "place":
		answer, err := t.place(ctx, request)
		return "placed", answer, err
	case "watch":
		t.watches.Add(1)
		go t.watch(request)
		return "watching", request.Account, nil
	}
	return "", nil, fmt.Errorf("nobody here knows how to %s", request.Do)
}

func (t *talk) services(ctx context.Context) ([]string, error) {
	stream, err := reflection.NewServerReflectionClient(t.core.conn).ServerReflectionInfo(ctx)
	if err != nil {
		return nil, err
	}
	list := &reflection.ServerReflectionRequest_ListServices{}
	if err := stream.Send(&reflection.ServerReflectionRequest{MessageRequest: list}); err != nil {
		return nil, err
	}
	answer, err := stream.Recv()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, service := range answer.GetListServicesResponse().GetService() {
		names = append(names, service.Name)
	}
	return names, stream.CloseSend()
}

func (t *talk) place(ctx context.Context, request asked) (told, error) {
	answer, err := axisorv1.NewOrderServiceClient(t.core.conn).PlaceOrder(ctx, &axisorv1.PlaceOrderRequest{
		Parent:        request.Account,
		RequestId:     request.RequestID,
		MarginMode:    axisorv1.MarginMode_MARGIN_MODE_ISOLATED,
		Type:          axisorv1.OrderType_ORDER_TYPE_LIMIT,
		Side:          axisorv1.Side_SIDE_BUY,
		Size:          &axisorv1.PlaceOrderRequest_QuantityUsd{QuantityUsd: request.QuantityUSD},
		Leverage:      request.Leverage,
		LimitPriceUsd: request.LimitPriceUSD,
	})
	if err != nil {
		return nil, err
	}
	state := strings.TrimPrefix(answer.IntentState.String(), "INTENT_STATE_")
	return told{"order": answer.GetOrder().GetName(), "state": state, "sequence": answer.Sequence}, nil
}

func (t *talk) watch(request asked) {
	defer t.watches.Done()
	silence := time.Duration(request.SilenceS * float64(time.Second))
	t.say(told{"ended": t.core.watch(request.Account, &request.AfterSequence, silence, t)})
}

// Event tells of an event.
func (t *talk) Event(event *axisorv1.Event) {
	hash := hex.EncodeToString(event.Hash)
	t.say(told{"event": told{"sequence": event.Sequence, "kind": event.Kind, "hash": hash}})
}

// Snapshot tells that the past was given up for the present.
func (t *talk) Snapshot(snapshot *axisorv1.Snapshot) {
	t.say(told{"snapshot": told{"sequence": snapshot.Sequence}})
}

// Cut tells that the stream broke and will be opened again.
func (t *talk) Cut(after *int64, problem string) {
	t.say(told{"cut": told{"after": after, "problem": problem}})
}
