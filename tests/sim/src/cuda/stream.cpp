#include "stream.h"

#include <algorithm>
#include <set>

#include "calls.h"
#include "explain.h"
#include "graph.h"

namespace cudasim {

namespace {

uint64_t streams_made = 0;

std::set<const Event*>& events() {
  static auto* all = new std::set<const Event*>();
  return *all;
}

std::set<const Stream*>& streams() {
  static auto* all = new std::set<const Stream*>();
  return *all;
}

CUresult break_capture(Capture* capture, CUresult status, const char* why) {
  capture->broken = true;
  report(format("a capture is broken: %s (error %d)", why, status));
  return status;
}

}  // namespace

Stream* resolve_stream(CUstream handle, Context* context) {
  if (!handle || handle == CU_STREAM_LEGACY) return context->legacy;
  if (handle == CU_STREAM_PER_THREAD) return context->per_thread;
  return streams().count(handle) ? handle : nullptr;
}

bool is_event(const Event* event) { return events().count(event) > 0; }

Stream* create_stream(Context* context, unsigned flags, int priority) {
  auto* stream = new Stream();
  stream->context = context;
  stream->flags = flags;
  stream->priority = std::clamp(priority, -5, 0);
  stream->id = ++streams_made;
  context->streams.push_back(stream);
  streams().insert(stream);
  return stream;
}

void destroy_stream(Stream* stream) {
  if (stream->capture) {
    stream->capture->broken = true;
    stream->capture->streams.erase(stream);
    if (stream->capture->origin == stream) end_capture(stream->capture);
  }
  auto& siblings = stream->context->streams;
  siblings.erase(std::remove(siblings.begin(), siblings.end(), stream), siblings.end());
  for (const Event* event : events()) {
    if (event->stream == stream) const_cast<Event*>(event)->stream = nullptr;
  }
  streams().erase(stream);
  delete stream;
}

// --- running ---

bool run_next(Stream* stream) {
  Context* context = stream->context;
  if (context->error) stream->queue.clear();
  if (stream->queue.empty()) return false;
  Work work = std::move(stream->queue.front());
  stream->queue.pop_front();
  execute(work, context);
  return true;
}

void drain(Stream* stream) {
  while (run_next(stream)) {
  }
}

void drain_all(Context* context) {
  // The youngest stream first: an order that a program has not been written to.
  std::vector<Stream*> all = context->streams;
  for (auto stream = all.rbegin(); stream != all.rend(); ++stream) drain(*stream);
}

void drain_blocking(Context* context) {
  std::vector<Stream*> all = context->streams;
  for (auto stream = all.rbegin(); stream != all.rend(); ++stream) {
    if ((*stream)->blocking()) drain(*stream);
  }
}

void reach(Event* event, uint64_t version) {
  while (event->reached < version && event->stream && run_next(event->stream)) {
  }
}

CUresult submit(Stream* stream, Work work) {
  Context* context = stream->context;
  if (Capture* capture = stream->capture) {
    if (capture->broken) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
    GraphNodeType type = type_of(work);
    stream->tail = {capture->graph->add(type, std::move(work), stream->tail)};
    return CUDA_SUCCESS;
  }
  if (stream->legacy()) {
    for (Capture* capture : captures()) {
      if (capture->origin->context != context || !capture->origin->blocking()) continue;
      return break_capture(capture, CUDA_ERROR_STREAM_CAPTURE_IMPLICIT,
                           "work for the default stream, which waits for the captured one");
    }
  }
  if (!settings().deferred) {
    execute(work, context);
    return CUDA_SUCCESS;
  }
  // The default stream and the blocking ones wait for each other.
  if (stream->legacy()) {
    drain_blocking(context);
  } else if (stream->blocking()) {
    drain(context->legacy);
  }
  stream->queue.push_back(std::move(work));
  return CUDA_SUCCESS;
}

// --- what captures forbid ---

CUresult forbid_in_capture(Context*) {
  for (Capture* capture : captures()) {
    bool ours = capture->thread == std::this_thread::get_id();
    CaptureMode mode = std::max(capture->mode, thread_capture_mode());
    if (mode == kCaptureRelaxed || (mode == kCaptureThreadLocal && !ours)) continue;
    return break_capture(capture, CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED,
                         "a call that may wait or allocate, made during the capture");
  }
  return CUDA_SUCCESS;
}

CUresult forbid_captured(Stream* stream) {
  if (!stream->capture) return CUDA_SUCCESS;
  return break_capture(stream->capture, CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED,
                       "a call that waits for the captured stream");
}

CUresult forbid_any_capture(Context* context) {
  CUresult status = CUDA_SUCCESS;
  for (Capture* capture : captures()) {
    if (capture->origin->context != context) continue;
    status = break_capture(capture, CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED,
                           "a call that waits for all streams");
  }
  return status;
}

void end_capture(Capture* capture) {
  for (Stream* stream : capture->streams) {
    stream->capture = nullptr;
    stream->tail.clear();
  }
  for (const Event* known : events()) {
    auto* event = const_cast<Event*>(known);
    if (event->capture == capture) {
      event->capture = nullptr;
      event->nodes.clear();
    }
  }
  auto& all = captures();
  all.erase(std::remove(all.begin(), all.end(), capture), all.end());
  delete capture;
}

}  // namespace cudasim

using namespace cudasim;

#define CUDASIM_STREAM(name, handle)                                \
  Stream* name = resolve_stream(handle, current_context());         \
  if (!name) return CUDA_ERROR_INVALID_HANDLE

// --- streams ---

CUDASIM_API CUresult cuStreamCreateWithPriority(CUstream* stream, unsigned flags, int priority) {
  CUDASIM_ENTER("cuStreamCreate", kHealthy);
  if (!stream || flags > CU_STREAM_NON_BLOCKING) return CUDA_ERROR_INVALID_VALUE;
  *stream = create_stream(current_context(), flags, priority);
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuStreamCreate(CUstream* stream, unsigned flags) {
  return cuStreamCreateWithPriority(stream, flags, 0);
}

CUDASIM_API CUresult cuStreamDestroy_v2(CUstream handle) {
  CUDASIM_ENTER("cuStreamDestroy", kContext);
  if (!streams().count(handle)) return CUDA_ERROR_INVALID_HANDLE;
  drain(handle);
  destroy_stream(handle);
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuStreamSynchronize(CUstream handle) {
  CUDASIM_ENTER("cuStreamSynchronize", kHealthy);
  CUDASIM_STREAM(stream, handle);
  if (CUresult status = forbid_captured(stream)) return status;
  if (CUresult status = forbid_in_capture(current_context())) return status;
  drain(stream);
  if (stream->legacy()) drain_blocking(current_context());
  return current_context()->error;
}

CUDASIM_API CUresult cuStreamQuery(CUstream handle) {
  CUDASIM_ENTER("cuStreamQuery", kHealthy);
  CUDASIM_STREAM(stream, handle);
  if (CUresult status = forbid_captured(stream)) return status;
  if (CUresult status = forbid_in_capture(current_context())) return status;
  // Asking makes time pass, or a program that polls would poll for ever.
  if (run_next(stream) && !stream->queue.empty()) return CUDA_ERROR_NOT_READY;
  return current_context()->error;
}

CUDASIM_API CUresult cuStreamGetPriority(CUstream handle, int* priority) {
  CUDASIM_ENTER("cuStreamGetPriority", kContext);
  CUDASIM_STREAM(stream, handle);
  *priority = stream->priority;
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuStreamGetFlags(CUstream handle, unsigned* flags) {
  CUDASIM_ENTER("cuStreamGetFlags", kContext);
  CUDASIM_STREAM(stream, handle);
  *flags = stream->flags;
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuStreamGetId(CUstream handle, unsigned long long* id) {
  CUDASIM_ENTER("cuStreamGetId", kContext);
  CUDASIM_STREAM(stream, handle);
  *id = stream->id;
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuStreamGetCtx(CUstream handle, CUcontext* context) {
  CUDASIM_ENTER("cuStreamGetCtx", kContext);
  CUDASIM_STREAM(stream, handle);
  *context = stream->context;
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuLaunchHostFunc(CUstream handle, CUhostFn function, void* data) {
  CUDASIM_ENTER("cuLaunchHostFunc", kHealthy);
  if (!function) return CUDA_ERROR_INVALID_VALUE;
  CUDASIM_STREAM(stream, handle);
  return submit(stream, HostWork{function, data});
}

CUDASIM_API CUresult cuStreamAddCallback(CUstream handle, CUstreamCallback function, void* data,
                                         unsigned flags) {
  CUDASIM_ENTER("cuStreamAddCallback", kHealthy);
  if (!function || flags) return CUDA_ERROR_INVALID_VALUE;
  CUDASIM_STREAM(stream, handle);
  if (CUresult status = forbid_captured(stream)) return status;
  return submit(stream, CallbackWork{function, handle, data});
}

// --- events ---

CUDASIM_API CUresult cuEventCreate(CUevent* event, unsigned flags) {
  CUDASIM_ENTER("cuEventCreate", kHealthy);
  if (!event) return CUDA_ERROR_INVALID_VALUE;
  *event = new Event();
  (*event)->context = current_context();
  (*event)->flags = flags;
  events().insert(*event);
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuEventDestroy_v2(CUevent event) {
  CUDASIM_ENTER("cuEventDestroy", kContext);
  if (!is_event(event)) return CUDA_ERROR_INVALID_HANDLE;
  // Queued work may still name it.
  reach(event, event->recorded);
  if (settings().deferred) drain_all(event->context);
  events().erase(event);
  delete event;
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuEventRecord(CUevent event, CUstream handle) {
  CUDASIM_ENTER("cuEventRecord", kHealthy);
  if (!is_event(event)) return CUDA_ERROR_INVALID_HANDLE;
  CUDASIM_STREAM(stream, handle);
  if (stream->capture) {
    if (stream->capture->broken) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
    event->capture = stream->capture;
    event->nodes = stream->tail;
    return CUDA_SUCCESS;
  }
  event->capture = nullptr;
  event->stream = stream;
  return submit(stream, RecordWork{event, ++event->recorded});
}

CUDASIM_API CUresult cuEventRecordWithFlags(CUevent event, CUstream handle, unsigned flags) {
  if (flags) return CUDA_ERROR_NOT_SUPPORTED;
  return cuEventRecord(event, handle);
}

CUDASIM_API CUresult cuEventSynchronize(CUevent event) {
  CUDASIM_ENTER("cuEventSynchronize", kHealthy);
  if (!is_event(event)) return CUDA_ERROR_INVALID_HANDLE;
  if (event->capture) {
    return break_capture(event->capture, CUDA_ERROR_CAPTURED_EVENT,
                         "cuEventSynchronize of an event that the capture recorded");
  }
  if (CUresult status = forbid_in_capture(current_context())) return status;
  reach(event, event->recorded);
  return current_context()->error;
}

CUDASIM_API CUresult cuEventQuery(CUevent event) {
  CUDASIM_ENTER("cuEventQuery", kHealthy);
  if (!is_event(event)) return CUDA_ERROR_INVALID_HANDLE;
  if (event->capture) {
    return break_capture(event->capture, CUDA_ERROR_CAPTURED_EVENT,
                         "cuEventQuery of an event that the capture recorded");
  }
  if (CUresult status = forbid_in_capture(current_context())) return status;
  // Each question lets one piece of work pass, after the answer.
  bool ready = event->reached >= event->recorded;
  if (!ready && event->stream) run_next(event->stream);
  return ready ? current_context()->error : CUDA_ERROR_NOT_READY;
}

CUDASIM_API CUresult cuEventElapsedTime(float* milliseconds, CUevent start, CUevent end) {
  CUDASIM_ENTER("cuEventElapsedTime", kHealthy);
  if (!is_event(start) || !is_event(end)) return CUDA_ERROR_INVALID_HANDLE;
  if (!start->recorded || !end->recorded) return CUDA_ERROR_INVALID_HANDLE;
  if ((start->flags | end->flags) & CU_EVENT_DISABLE_TIMING) return CUDA_ERROR_INVALID_HANDLE;
  if (start->reached < start->recorded || end->reached < end->recorded) return CUDA_ERROR_NOT_READY;
  *milliseconds = float(end->time_ms - start->time_ms);
  return CUDA_SUCCESS;
}

CUDASIM_API CUresult cuStreamWaitEvent(CUstream handle, CUevent event, unsigned) {
  CUDASIM_ENTER("cuStreamWaitEvent", kHealthy);
  if (!is_event(event)) return CUDA_ERROR_INVALID_HANDLE;
  CUDASIM_STREAM(stream, handle);
  if (event->capture) {
    // The stream joins the capture.
    if (event->capture->broken) return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
    if (stream->legacy()) {
      return break_capture(event->capture, CUDA_ERROR_STREAM_CAPTURE_IMPLICIT,
                           "the default stream cannot be captured");
    }
    if (stream->capture && stream->capture != event->capture) {
      stream->capture->broken = true;
      return break_capture(event->capture, CUDA_ERROR_STREAM_CAPTURE_MERGE,
                           "it would merge with another capture");
    }
    if (!stream->capture) {
      stream->capture = event->capture;
      stream->capture->streams.insert(stream);
      stream->tail.clear();
    }
    for (GraphNode* node : event->nodes) {
      if (std::find(stream->tail.begin(), stream->tail.end(), node) == stream->tail.end()) {
        stream->tail.push_back(node);
      }
    }
    return CUDA_SUCCESS;
  }
  if (stream->capture) {
    return break_capture(stream->capture, CUDA_ERROR_STREAM_CAPTURE_ISOLATION,
                         "it would wait for work that is not captured");
  }
  return submit(stream, WaitWork{event, event->recorded});
}
