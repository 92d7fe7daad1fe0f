//! The fields of a trace, where the gateway makes no span of its own.

use super::{Row, check};

#[tokio::test]
async fn a_trace_that_can_be_read_goes_on() {
    let rows: &[Row] = &[
        (
            "GET /api/v3/x HTTP/1.1|Host: a|Traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01||",
            &[200, 200],
            "GET /api/x HTTP/1.1|host: a|traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01||",
        ),
        (
            "GET /api/v3/x HTTP/1.1|Host: a|Traceparent: cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more|\
             Tracestate: a=1|Tracestate: b=2||",
            &[200, 200],
            "GET /api/x HTTP/1.1|host: a|traceparent: cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more|\
             tracestate: a=1|tracestate: b=2||",
        ),
        (
            "GET /api/v3/x HTTP/1.1|Host: a|Traceparent: 00-4BF92F3577B34DA6A3CE929D0E0E4736-00F067AA0BA902B7-01|\
             Tracestate: a=1||",
            &[200, 200],
            "GET /api/x HTTP/1.1|host: a||",
        ),
        (
            "GET /api/v3/x HTTP/1.1|Host: a|Traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01|\
             Traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01|Tracestate: a=1||",
            &[200, 200],
            "GET /api/x HTTP/1.1|host: a||",
        ),
        // It was for this hop only.
        (
            "GET /api/v3/x HTTP/1.1|Host: a|Connection: traceparent|Tracestate: a=1|\
             Traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01||",
            &[200, 200],
            "GET /api/x HTTP/1.1|host: a||",
        ),
        ("GET /api/v3/x HTTP/1.1|Host: a|Tracestate: a=1||", &[200, 200], "GET /api/x HTTP/1.1|host: a||"),
    ];
    check("traces", rows).await;
}
