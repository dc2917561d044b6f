package server

import (
	"context"
	"slices"

	"google.golang.org/grpc"

	"github.com/seed-6b91b535/idrec/shared/rpc/internal/codec"
	"github.com/seed-6b91b535/idrec/shared/rpc/internal/recognizerpb"
)

// Register registers the service. It is the generated one, but that a picture's memory comes with its
// request.
func Register(r grpc.ServiceRegistrar, s *Server) {
	desc := recognizerpb.RecognizerService_ServiceDesc
	desc.Methods = slices.Clone(desc.Methods)
	for i := range desc.Methods {
		if desc.Methods[i].MethodName == "Recognize" {
			desc.Methods[i].Handler = recognizeHandler
		}
	}
	r.RegisterService(&desc, s)
}

func recognizeHandler(srv any, ctx context.Context, dec func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
	s := srv.(*Server) //nolint:forcetypeassert // registered above
	in := &codec.Incoming{RecognizeRequest: &recognizerpb.RecognizeRequest{}}
	if err := dec(in); err != nil {
		return nil, err
	}
	defer func() { in.Memory.Done() }()
	if err := s.fromLane(ctx, in); err != nil {
		return nil, err
	}
	handle := func(ctx context.Context, _ any) (any, error) {
		return s.Recognize(codec.WithMemory(ctx, in.Memory), in.RecognizeRequest)
	}
	if interceptor == nil {
		return handle(ctx, in)
	}
	return interceptor(ctx, in.RecognizeRequest, &grpc.UnaryServerInfo{Server: srv, FullMethod: recognizerpb.RecognizerService_Recognize_FullMethodName}, handle)
}
