// Breaks the layer order, to show that the test `layers` notices.
#pragma once
#include "actors/cache.hpp"
