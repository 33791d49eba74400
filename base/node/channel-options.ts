/**
 * What both ends of every gRPC channel hold to: messages of 16 MB at most, and a keep-alive that notices a dead peer in
 * four seconds.
 */
export const CHANNEL_OPTIONS = {
  "grpc.max_receive_message_length": 16 * 1024 * 1024,
  "grpc.max_send_message_length": 16 * 1024 * 1024,
  "grpc.keepalive_time_ms": 2_000,
  "grpc.keepalive_timeout_ms": 2_000,
};
