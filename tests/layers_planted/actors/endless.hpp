// Waits for ever.
#pragma once
inline auto wait = f(caf::infinite);
