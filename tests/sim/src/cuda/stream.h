// Streams and events. By default a stream's work is done at once, in the caller's thread; deferred,
// it is done when something waits for it, and not earlier, so that missing synchronisation shows.
#pragma once

#include <deque>
#include <vector>

#include "context.h"
#include "driver_types.h"
#include "work.h"

namespace cudasim {

struct Capture;

struct Stream {
  Context* context = nullptr;
  unsigned flags = 0;
  int priority = 0;
  uint64_t id = 0;
  std::deque<Work> queue;
  Capture* capture = nullptr;
  std::vector<GraphNode*> tail;  // what the next captured node depends on

  bool legacy() const { return context->legacy == this; }
  bool blocking() const { return !(flags & CU_STREAM_NON_BLOCKING); }
};

struct Event {
  Context* context = nullptr;
  unsigned flags = 0;
  uint64_t recorded = 0;  // counts cuEventRecord
  uint64_t reached = 0;   // the record that the stream has come to
  double time_ms = 0;
  Stream* stream = nullptr;       // of the last record
  Capture* capture = nullptr;     // set if the last record was captured
  std::vector<GraphNode*> nodes;  // then: what it stands for
};

// The stream that a handle names, with 0, 1 and 2 for the default ones; null if there is none.
Stream* resolve_stream(CUstream handle, Context* context);
bool is_event(const Event* event);

Stream* create_stream(Context* context, unsigned flags, int priority);
void destroy_stream(Stream* stream);

// Gives work to a stream: into its capture, its queue, or done now.
CUresult submit(Stream* stream, Work work);

// Does the stream's queued work; all the work of a context.
void drain(Stream* stream);
void drain_all(Context* context);
// Does one piece; false if there was none.
bool run_next(Stream* stream);
// Works until the event's last record has been reached.
void reach(Event* event, uint64_t version);

// What a synchronous copy or a free waits for.
void drain_blocking(Context* context);

// For functions that may wait or allocate: refused while a capture forbids them, which breaks it.
CUresult forbid_in_capture(Context* context);
// For functions that wait for this very stream: refused whenever it is captured.
CUresult forbid_captured(Stream* stream);
// For functions that wait for all streams.
CUresult forbid_any_capture(Context* context);

// Orphans the events and streams of a capture.
void end_capture(Capture* capture);

}  // namespace cudasim
