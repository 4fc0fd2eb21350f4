// Memory for arrays. Large ones come straight from the system, in huge pages where it has them, and go straight back: a heap
// keeps what was freed below something that is still in use, and hands out what the system then fills 4 KB at a time.
#pragma once
#include <cstddef>

namespace dpo {

// 64-byte aligned memory of unspecified content. Throws std::bad_alloc.
void* takeMemory(size_t bytes);

// Gives back what takeMemory(bytes) returned.
void giveMemory(void* memory, size_t bytes);

// Gives the system back what the heap keeps of what was freed, where the heap can.
void returnFreed();

}  // namespace dpo
