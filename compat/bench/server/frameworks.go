//go:build linux

package server

import (
	"context"
	"net"
	"net/http"

	"github.com/coder/websocket"
	"github.com/tidwall/redcon"
	"github.com/valyala/fasthttp"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/uringnet/uringnet/compat/bench/cells"
	"github.com/uringnet/uringnet/internal/bench/server"
)

func serveFasthttp(_ server.Config, ln net.Listener) error {
	return fasthttp.Serve(ln, func(ctx *fasthttp.RequestCtx) { ctx.WriteString(cells.HelloText) })
}

func serveRedcon(_ server.Config, ln net.Listener) error {
	values := map[string][]byte{cells.Key: cells.Message()}
	mux := redcon.NewServeMux()
	mux.HandleFunc("get", func(c redcon.Conn, cmd redcon.Command) {
		if len(cmd.Args) != 2 {
			c.WriteError("ERR wrong number of arguments for 'get'")
			return
		}
		value, ok := values[string(cmd.Args[1])]
		if !ok {
			c.WriteNull()
			return
		}
		c.WriteBulk(value)
	})
	return redcon.Serve(ln, mux.ServeRESP, nil, nil)
}

// echoServer is what a generated gRPC service would be.
type echoServer interface {
	Call(ctx context.Context, in *wrapperspb.BytesValue) (*wrapperspb.BytesValue, error)
}

type echoes struct{}

func (echoes) Call(_ context.Context, in *wrapperspb.BytesValue) (*wrapperspb.BytesValue, error) {
	return in, nil
}

func serveGRPC(_ server.Config, ln net.Listener) error {
	s := grpc.NewServer()
	call := func(srv any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		in := new(wrapperspb.BytesValue)
		if err := decode(in); err != nil {
			return nil, err
		}
		return srv.(echoServer).Call(ctx, in)
	}
	s.RegisterService(&grpc.ServiceDesc{
		ServiceName: cells.EchoService,
		HandlerType: (*echoServer)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: cells.EchoMethod, Handler: call}},
	}, echoes{})
	return s.Serve(ln)
}

func serveWebSocket(_ server.Config, ln net.Listener) error {
	return http.Serve(ln, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			return // Accept has answered
		}
		defer c.CloseNow()
		for {
			kind, message, err := c.Read(r.Context())
			if err != nil {
				return
			}
			if err := c.Write(r.Context(), kind, message); err != nil {
				return
			}
		}
	}))
}
