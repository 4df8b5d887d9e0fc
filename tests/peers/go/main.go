// A gRPC client of a mesh written with grpc-go: it serves the admin services and keeps one xds: channel open.
// It prints where it serves, and ends when its standard input does.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/admin"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/xds"
)

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
	connection, err := grpc.NewClient(os.Args[1], grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	connection.Connect()
	fmt.Println(listener.Addr())
	io.Copy(io.Discard, os.Stdin)
}
