// libFuzzer as a library: SwiftPM gives the executable its own main, which calls the driver. Tests/Fuzz/run links the
// runtime without one (libclang_rt.fuzzer_no_main).
#ifndef NEARCACHED_CFUZZER_H
#define NEARCACHED_CFUZZER_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));

#endif
