// Gives memory back that a monitor needed only to start its container: free heap, and the pages of
// mini's own code and constants, which come back from the page cache when they are used again. What
// stays is what the poll loop touches.
#pragma once

namespace mini::engine {

void give_back_memory();

}  // namespace mini::engine
