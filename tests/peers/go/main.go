// A gRPC client of a mesh written with grpc-go: it serves the admin services, and does what lines of JSON on its
// standard input say. tests/peers/conversation.py says what they are.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/admin"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	_ "google.golang.org/grpc/xds"
)

type call struct {
	Path    string
	Headers [][2]string
}

type order struct {
	Target    string
	Authority string
	Beside    bool
	Patience  float64
	Calls     []call
}

type answer struct {
	Text   string `json:"text"`
	Status string `json:"status"`
}

// raw hands bytes through.
type raw struct{}

func (raw) Marshal(value any) ([]byte, error) { return *value.(*[]byte), nil }
func (raw) Unmarshal(data []byte, value any) error {
	*value.(*[]byte) = append([]byte{}, data...)
	return nil
}
func (raw) Name() string { return "raw" }

func open(wanted order) *grpc.ClientConn {
	options := []grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}
	if wanted.Authority != "" {
		options = append(options, grpc.WithAuthority(wanted.Authority))
	}
	connection, err := grpc.NewClient(wanted.Target, options...)
	if err != nil {
		log.Fatal(err)
	}
	connection.Connect()
	return connection
}

func ask(connection *grpc.ClientConn, wanted call, patience time.Duration) answer {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, header := range wanted.Headers {
		ctx = metadata.AppendToOutgoingContext(ctx, header[0], header[1])
	}
	request, reply := []byte{}, []byte{}
	err := connection.Invoke(ctx, wanted.Path, &request, &reply, grpc.ForceCodec(raw{}))
	if err != nil {
		return answer{status.Convert(err).Message(), status.Code(err).String()}
	}
	return answer{string(reply), "OK"}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer()
	cleanup, err := admin.Register(server)
	if err != nil {
		log.Fatal(err)
	}
	defer cleanup()
	go func() { log.Fatal(server.Serve(listener)) }()
	fmt.Println(listener.Addr())
	var connection *grpc.ClientConn
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var wanted order
		if err := json.Unmarshal(lines.Bytes(), &wanted); err != nil {
			log.Fatal(err)
		}
		if connection != nil && !wanted.Beside {
			connection.Close()
		}
		connection = open(wanted)
		answers := []answer{}
		for _, one := range wanted.Calls {
			answers = append(answers, ask(connection, one, time.Duration(wanted.Patience*float64(time.Second))))
		}
		told, err := json.Marshal(answers)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(string(told))
	}
}
