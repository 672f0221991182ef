// Graphs: nodes with the work they repeat, made by hand or by capturing streams.
#pragma once

#include <memory>
#include <set>
#include <thread>
#include <vector>

#include "stream.h"
#include "work.h"

namespace cudasim {

struct GraphNode {
  Graph* graph;
  GraphNodeType type;
  Work work;
  std::vector<GraphNode*> dependencies;
  // What cuGraphKernelNodeGetParams hands out pointers to.
  std::vector<void*> values;
};

struct Graph {
  std::vector<std::unique_ptr<GraphNode>> nodes;

  GraphNode* add(GraphNodeType type, Work work, std::vector<GraphNode*> dependencies);
};

struct GraphPlan {
  struct Step {
    GraphNode* node;  // as a name; it may have been destroyed since
    GraphNodeType type;
    Work work;
    std::vector<size_t> dependencies;  // as positions in the graph's list of nodes
    size_t position;
  };
  std::vector<Step> steps;
};

struct GraphExec {
  Context* context;
  std::shared_ptr<GraphPlan> plan;
};

struct Capture {
  Graph* graph;
  Stream* origin;
  CaptureMode mode;
  std::thread::id thread;
  uint64_t id;
  bool broken = false;
  std::set<Stream*> streams;
};

// All captures that are going on.
std::vector<Capture*>& captures();

// What cuThreadExchangeStreamCaptureMode has set for this thread.
CaptureMode& thread_capture_mode();

bool is_graph(const Graph* graph);

// The steps in an order that keeps all dependencies; null if there is a cycle. With the order of
// Settings reversed, steps that do not depend on each other swap places.
std::shared_ptr<GraphPlan> make_plan(const Graph& graph, Order order);

GraphNodeType type_of(const Work& work);

}  // namespace cudasim
